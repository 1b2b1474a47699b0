-- KEYS: state, leases. ARGV: 3 the lease; 4 whether it begins. Answers whether the replica is known.
local fault = read_fault()
if fault then return fault end
if ARGV[4] == '0' and redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then return {'ok', '0'} end
redis.call('HSET', KEYS[2], ARGV[2], whole(math.floor(now_us() / 1000) + tonumber(ARGV[3])))
redis.call('PEXPIRE', KEYS[2], KEEP_MS)
return {'ok', '1'}
