--- Texts that look like secrets: others in each process, so that specs that run at the same time do not see each
-- other's. SEED=… has those of a run that failed again; `seed` is what it has to be.

local function choose_seed()
  local file = assert(io.open("/dev/urandom", "rb"))
  local a, b, c = file:read(3):byte(1, 3)
  file:close()
  return a * 65536 + b * 256 + c
end

local M = { seed = tonumber(os.getenv "SEED" or "") or choose_seed() }

local state = M.seed % 2147483646 + 1
local LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGH23456789+/=-_."

-- A text of that length, whose first and last characters are letters.
local function text(_, length)
  local parts = {}
  for place = 1, length do
    state = state * 16807 % 2147483647
    local index = state % ((place == 1 or place == length) and 24 or #LETTERS) + 1
    parts[place] = LETTERS:sub(index, index)
  end
  return table.concat(parts)
end

return setmetatable(M, { __call = text })
