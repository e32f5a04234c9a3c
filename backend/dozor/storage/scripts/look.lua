-- One page of the keys, with what tells a value of ours from others: one question where three for each key would be many.
-- It only reads, and only what the server itself has just named, so it names no keys and works on a cluster's servers.
-- ARGV: the cursor, a pattern, how many keys to look at.
-- Returns the next cursor, and for each key {key, head, length, ms to live}; no more than {key} for what is no string.

local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local found = {}
for _, key in ipairs(page[2]) do
  local head = redis.pcall('GETRANGE', key, 0, 127)
  if type(head) ~= 'table' then
    found[#found + 1] = {key, head, redis.call('STRLEN', key), redis.call('PTTL', key)}
  elseif string.find(head.err, 'WRONGTYPE', 1, true) then
    found[#found + 1] = {key}
  end -- else its slot is moving to another server, which has it too
end
return {page[1], found}
