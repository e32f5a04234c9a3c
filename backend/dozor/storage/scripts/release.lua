-- End a lease without an entry, and leave word of why for those who wait.
-- KEYS: the lease. ARGV: its number, for how many ms the word can be read, how many ms a lease key lives, and the word,
-- if there is one.

local number, readable_ms, lives_ms, verdict = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]

local lease = redis.call('HMGET', KEYS[1], 'number', 'holder')
if lease[1] ~= number or not lease[2] then
  return 0 -- it has ended, or another holder has taken over
end
redis.call('HDEL', KEYS[1], 'holder', 'until')
if verdict then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', KEYS[1], 'verdict', verdict, 'verdict_until', string.format('%.0f', now + readable_ms))
end
redis.call('PEXPIRE', KEYS[1], lives_ms)
return 1
