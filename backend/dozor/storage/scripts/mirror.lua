-- Keep a machine's count of calls, which only grows.
-- KEYS: the month. ARGV: the machine, its count, when the month may be forgotten (seconds since 1970).
-- Returns the count that is kept.

local machine, used, forget_at = ARGV[1], tonumber(ARGV[2]), ARGV[3]

local kept = tonumber(redis.call('HGET', KEYS[1], machine) or 0) or 0
if used > kept then
  kept = used
  redis.call('HSET', KEYS[1], machine, ARGV[2])
end
redis.call('EXPIREAT', KEYS[1], forget_at)
return kept
