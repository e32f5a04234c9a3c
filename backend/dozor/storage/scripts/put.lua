-- Keep an entry, unless a newer one is there, and end the lease it was loaded under: one step for those who wait.
-- KEYS: the entry, and its lease if there is one. ARGV: the text, how many ms it lives, its fetched_at; and of the lease
-- how many ms its key lives, and its number.
-- Returns 1 when it was kept, 0 when it was too old.

local FUTURE_MS = 1000 -- a stamp further ahead than clocks differ blocks nobody until its hour comes

local text, lives_ms, fetched_at, lease_lives_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local number = ARGV[5] and tonumber(ARGV[5])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local head = redis.pcall('GETRANGE', KEYS[1], 0, 127)
local foreign = type(head) == 'table' and head -- an error: another program's list or hash, to be left alone
local known = not foreign and tonumber(string.match(head, '^{"v":1,"fetched_at":(%d+),"hash":"%x+","'))
local is_newer_known = known and known > fetched_at and known <= now + FUTURE_MS

local written = number and tonumber(redis.call('HGET', KEYS[2], 'written') or 0)
local kept = 0
if not foreign
    and not (number and number < written)
    and not (is_newer_known and (not number or number == written)) then
  redis.call('SET', KEYS[1], text, 'PX', lives_ms)
  kept = 1
end

if number then
  if kept == 1 then
    redis.call('HSET', KEYS[2], 'written', ARGV[5])
    redis.call('PEXPIRE', KEYS[2], lease_lives_ms)
  end
  if redis.call('HGET', KEYS[2], 'number') == ARGV[5] then
    redis.call('HDEL', KEYS[2], 'holder', 'until', 'verdict', 'verdict_until')
  end
end
return foreign or kept
