--- Goes through the pages of a list, a row at a time.
--
-- A page is fetched when its first row is asked for. The list ends where a page is empty or comes without a token, and
-- where a token is the one that was just sent: some services repeat the last one. A longer cycle of tokens would never
-- end: one token is remembered, and replaced after 1, 2, 4, 8, … pages, so that a cycle of any length is met.
--
-- A row that is false or null ends it with an error: whoever asks with `if not row` would take it for one.

local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"

local M = {}

-- What notices that tokens come round again. A token must not be the remembered one.
local function cycle_watch()
  local remembered, pages, until_next = nil, 0, 1
  return function(token)
    if token == remembered then return true end
    pages = pages + 1
    if pages == until_next then
      remembered, pages, until_next = token, 0, until_next * 2
    end
    return false
  end
end

local function protocol_error(name, what, meta)
  return errors.new("protocol", {
    message = name .. ": " .. what,
    outcome = "rejected", retryable = false, status = meta.status, request_id = meta.request_id,
  })
end

--- Makes the iterator over a list.
-- @tparam string name of the function that makes it, for messages
-- @tparam function fetch fetches a page: `fetch(token)` → rows, err, meta
-- @tparam[opt] number limit rows at which to stop
-- @tparam[opt] string token of the first page
-- @treturn function the iterator: a row, nil and the meta of its page; after a failure once false and the error; nil at
--   the end
function M.each(name, fetch, limit, token)
  local rows, index, count, meta, is_over = nil, 0, 0, nil, false
  local comes_again = cycle_watch()

  local function fail(err, err_meta)
    is_over, rows = true, nil
    return false, err, err_meta
  end

  local function next_page()
    local sent, err = token
    rows, err, meta = fetch(sent)
    if not rows then return err end
    index, token = 0, meta.next_page
    if token == sent or #rows == 0 then token = nil end
    if token and comes_again(token) then
      return protocol_error(name, "the tokens of the pages come round again: the list would never end", meta)
    end
  end

  return function()
    if is_over or limit and count >= limit then
      rows = nil
      return nil
    end
    if rows == nil or index == #rows then
      if rows and not token then
        is_over, rows = true, nil
        return nil
      end
      local err = next_page()
      if err then return fail(err, meta) end
      if #rows == 0 then
        is_over, rows = true, nil
        return nil
      end
    end
    index, count = index + 1, count + 1
    local row = rows[index]
    if not row or row == core.null then return fail(protocol_error(name, "a row is false or null", meta), meta) end
    return row, nil, meta
  end
end

return M
