-- KEYS: state, parts of a replica.
local fault = read_fault()
if fault then return fault end
local answer = redis.call('HGETALL', KEYS[2])
table.insert(answer, 1, 'ok')
return answer
