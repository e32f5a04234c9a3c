-- Forget an entry, if what lies under its key is one of ours.
-- KEYS: the entry. Returns how many were forgotten.

local head = redis.pcall('GETRANGE', KEYS[1], 0, 127)
if type(head) == 'table' or not string.match(head, '^{"v":1,"fetched_at":%d+,"hash":"%x+","') then
  return 0
end
return redis.call('UNLINK', KEYS[1])
