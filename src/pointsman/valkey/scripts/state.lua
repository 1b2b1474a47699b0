-- Before every script. KEYS[1] is the state of the whole; ARGV[1] the generation that the replica knows, ARGV[2] its node,
-- the last one the number of its question. A server that was replaced or restarted has another run id: what it holds may
-- be old, so nobody goes by it. A question that was given up may arrive later than those that make up for it: it is late.
local function now_us()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function read_run()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
end

-- Lua writes large numbers with fourteen digits otherwise.
local function whole(number)
  return string.format('%.0f', number)
end

local function read_numbers(text)
  local numbers = {}
  for number in string.gmatch(text or '', '[^|]+') do
    numbers[#numbers + 1] = tonumber(number)
  end
  return numbers
end

local KEEP_MS = 63 * 86400000

-- A window: its end, what is spent, the version of that (0: unknown), what is shared out.
local function read_window(key, start)
  local text = redis.call('HGET', key, start)
  if not text then return nil end
  return read_numbers(text)
end

local function write_window(key, start, window)
  local text = whole(window[1]) .. '|' .. whole(window[2]) .. '|' .. whole(window[3]) .. '|' .. whole(window[4])
  redis.call('HSET', key, start, text)
  redis.call('PEXPIRE', key, KEEP_MS)
end

-- A part: how much, and the end of its window.
local function write_part(key, field, amount, ends)
  if amount > 0 then
    redis.call('HSET', key, field, whole(amount) .. '|' .. whole(ends))
    redis.call('PEXPIRE', key, KEEP_MS)
  else
    redis.call('HDEL', key, field)
  end
end

local function read_fault()
  local state = redis.call('HMGET', KEYS[1], 'run', 'generation', 'status')
  if state[1] ~= read_run() then return {'lost'} end
  if state[2] ~= ARGV[1] then return {'changed'} end
  if state[3] ~= 'ready' then return {'building'} end
  local number = tonumber(ARGV[#ARGV])
  if number <= tonumber(redis.call('HGET', KEYS[1], 'asked:' .. ARGV[2]) or '0') then return {'late'} end
  redis.call('HSET', KEYS[1], 'asked:' .. ARGV[2], ARGV[#ARGV])
  return nil
end
