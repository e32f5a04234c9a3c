-- Take the lease of a key, or renew it for the same holder.
-- KEYS: the lease. ARGV: the holder, for how many ms, how many ms a lease key lives.
-- Returns {1, its number}, or {0, how many ms somebody else still holds it}.

local holder, for_ms, lives_ms = ARGV[1], tonumber(ARGV[2]), ARGV[3]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local lease = redis.call('HMGET', KEYS[1], 'holder', 'until', 'number')
local left = tonumber(lease[2] or 0) - now
local is_held = lease[1] and left > 0 and left <= tonumber(for_ms) -- further ahead: no lease of ours
if is_held and lease[1] ~= holder then
  return {0, left}
end

-- Not a plain count: it must go on growing when a flush has taken the last number with it.
local number = lease[3]
if not is_held then
  number = string.format('%.0f', math.max(tonumber(lease[3] or 0) + 1, now))
end
redis.call('HSET', KEYS[1], 'holder', holder, 'until', string.format('%.0f', now + for_ms), 'number', number)
redis.call('HDEL', KEYS[1], 'verdict', 'verdict_until')
redis.call('PEXPIRE', KEYS[1], lives_ms)
return {1, tonumber(number)}
