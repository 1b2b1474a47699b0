-- A replica holds no places any more. KEYS: state, leases, the names of limits where it may hold some, what the keys of
-- those begin with (they share the hash tag); ARGV: 3 the replica, 4 whether it is forgotten.
local fault = read_fault()
if fault then return fault end
for _, name in ipairs(redis.call('SMEMBERS', KEYS[3])) do
  redis.call('HDEL', KEYS[4] .. name, ARGV[3])
end
redis.call('DEL', KEYS[3])
if ARGV[4] == '1' then
  redis.call('HDEL', KEYS[1], 'asked:' .. ARGV[3])
  return {'ok', tostring(redis.call('HDEL', KEYS[2], ARGV[3]))}
end
return {'ok', '1'}
