-- The book that all machines share: read it, or put another in its place.
-- KEYS: the book. ARGV: none to read it; else the server and the stamp that were read, when they were read
-- (microseconds), for how many microseconds that is good, the new stamp, the new book, how many seconds it is kept.
-- Returns {the server's name, its time in microseconds, stamp, book}, or 1 when it was written, 0 when not.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Another run of the server, or another server, may lack what was written last. Who may not ask has one name for all.
local info = redis.pcall('INFO', 'server')
local server = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or 'unknown'

local kept = redis.call('HMGET', KEYS[1], 'stamp', 'body')
if #ARGV == 0 then
  return {server, string.format('%.0f', now), kept[1] or '', kept[2] or ''}
end

local age = now - tonumber(ARGV[3])
if ARGV[1] ~= server or ARGV[2] ~= (kept[1] or '') or age < 0 or age > tonumber(ARGV[4]) then
  return 0
end
redis.call('HSET', KEYS[1], 'stamp', ARGV[5], 'body', ARGV[6])
redis.call('EXPIRE', KEYS[1], ARGV[7])
return 1
