--- What the service knows, as a fold over a journal that only grows.
-- Whoever holds the journal (each nginx worker, the program that started them) reads what others have
-- appended before it acts, and learns of its own changes by reading them back; so all agree on every
-- id and on who used a code first, and a service that was killed knows after its restart what it knew
-- before.
--
-- Besides it knows the `ground`, from which the rows of the hub are made, and in `counts` how many rows were
-- added to each kind.
--
-- Rows are plain tables of strings, numbers and booleans, kept by kind ("instances", "codes", …) and
-- key.
-- @module sapanywhere.sandbox.store

local records = require "sapanywhere.sandbox.service.records"

local store = {}
local Store = {}
Store.__index = Store

local apply = {}

function apply.put(self, change)
  self:kind(change.kind)[change.key] = change.row
end

function apply.remove(self, change)
  self:kind(change.kind)[change.key] = nil
end

function apply.set(self, change)
  local row = self:kind(change.kind)[change.key]
  for name, value in pairs(row and change.fields or {}) do row[name] = value end
end

function apply.claim(self, change)
  local row = self:kind(change.kind)[change.key]
  if row and not row.claimed_by then row.claimed_by = change.by end
end

function apply.number(self, change)
  self.last_number = self.last_number + 1
  change.row.id = self.last_number
  self:kind(change.kind)[self.last_number] = change.row
end

function apply.add(self, change)
  local count = (self.counts[change.kind] or 0) + 1
  self.counts[change.kind] = count
  self:kind(change.kind)[change.base + count] = change.row
  if change.by == self.adding then self.added = change.base + count end
end

-- What stood on the old ground is gone.
function apply.ground(self, change)
  self.ground = change.ground
  for _, map in ipairs { self.kinds, self.counts } do
    for name in pairs(map) do
      if name:find("^hub/") then map[name] = nil end
    end
  end
end

local function open_memory()
  local pending = {}
  return {
    append = function(line) pending[#pending + 1] = line .. "\n" end,
    read = function()
      local text = table.concat(pending)
      pending = {}
      return text
    end,
  }
end

--- A journal in a file.
-- @tparam string path of a file that exists
-- @treturn table a journal for `new`
function store.open_file(path)
  local reader, writer = assert(io.open(path, "rb")), assert(io.open(path, "ab"))
  local offset = 0
  writer:setvbuf("full", 65536)
  return {
    append = function(line)
      writer:write(line, "\n")
      writer:flush()
    end,
    read = function()
      reader:seek("set", offset)
      local text = reader:read("*a") or ""
      local whole = text:match("^.*\n") or ""
      offset = offset + #whole
      return whole
    end,
    close = function()
      reader:close()
      writer:close()
    end,
  }
end

--- Makes a store.
-- @tparam[opt] table journal from `open_file`; memory where left out
-- @treturn table
function store.new(journal)
  return setmetatable({
    journal = journal or open_memory(), kinds = {}, last_number = 1000, counts = {},
  }, Store)
end

function Store:kind(name)
  self.kinds[name] = self.kinds[name] or {}
  return self.kinds[name]
end

function Store:change(change)
  self.journal.append(records.write(change))
  self:sync()
end

--- Takes in what has been appended to the journal since the last time.
function Store:sync()
  local text = self.journal.read()
  if text == "" then return end
  for _, change in ipairs((records.read_all(text))) do apply[change.op](self, change) end
end

--- Gives a row, or nil.
function Store:get(kind, key) return self:kind(kind)[key] end

--- Keeps a row under a key.
function Store:put(kind, key, row) self:change { op = "put", kind = kind, key = key, row = row } end

--- Changes some fields of a row; silent where there is no such row.
-- @tparam string kind
-- @param key
-- @tparam table fields a map from name to value
function Store:set(kind, key, fields) self:change { op = "set", kind = kind, key = key, fields = fields } end

--- Forgets a row.
function Store:remove(kind, key) self:change { op = "remove", kind = kind, key = key } end

--- Keeps a row under the next number, which becomes its `id`.
-- @tparam string kind
-- @tparam table row
-- @tparam string mark the name of a field of the row whose value no other row has
-- @treturn table the row as it is kept
function Store:number(kind, row, mark)
  self:change { op = "number", kind = kind, row = row }
  for id = self.last_number, 1, -1 do
    local kept = self:get(kind, id)
    if kept and kept[mark] == row[mark] then return kept end
  end
end

--- Keeps a row under the next number of its kind.
-- @tparam string kind
-- @tparam table row
-- @tparam string by a word that nobody else uses
-- @tparam number base the number before the first
-- @treturn number
function Store:add(kind, row, by, base)
  self.adding = by
  self:change { op = "add", kind = kind, row = row, by = by, base = base }
  return self.added
end

--- Has the hub begin anew with what a seed makes; `ground` is then what is given.
-- @tparam table ground `seed`, and how many `customers`, `orders` and `products`
function Store:lay_ground(ground) self:change { op = "ground", ground = ground } end

--- Uses a row up: of all that try, one succeeds.
-- @tparam string kind
-- @tparam string key
-- @tparam string by a word that nobody else uses
-- @treturn boolean whether it was us
function Store:claim(kind, key, by)
  self:change { op = "claim", kind = kind, key = key, by = by }
  local row = self:get(kind, key)
  return row ~= nil and row.claimed_by == by
end

--- Lists the rows of a numbered kind by their numbers.
-- @tparam string kind
-- @treturn table
function Store:list(kind)
  local kept, rows = self:kind(kind), {}
  for id = 1, self.last_number do
    if kept[id] then rows[#rows + 1] = kept[id] end
  end
  return rows
end

--- Closes the journal.
function Store:close()
  if self.journal.close then self.journal.close() end
end

return store
