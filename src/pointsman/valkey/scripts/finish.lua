-- The rebuilding is over once all replicas that live have reported. KEYS: state, reports; ARGV from 3 on: their nodes.
local state = redis.call('HMGET', KEYS[1], 'run', 'generation')
if state[1] ~= read_run() then return {'lost'} end
if state[2] ~= ARGV[1] then return {'changed'} end
for place = 3, #ARGV do
  if redis.call('HEXISTS', KEYS[2], ARGV[place]) == 0 then return {'building'} end
end
redis.call('HSET', KEYS[1], 'status', 'ready')
return {'ok'}
