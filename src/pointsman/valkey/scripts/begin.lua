-- Which generation there is; ARGV[1] becomes it when the server is not the one that the last one was made on.
local run = read_run()
local state = redis.call('HMGET', KEYS[1], 'run', 'generation')
if state[1] ~= run then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'run', run, 'generation', ARGV[1], 'status', 'building')
  return {'ok', ARGV[1]}
end
return {'ok', state[2]}
