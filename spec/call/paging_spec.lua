local paging = require "sapanywhere.call.paging"

-- Pages as a function of the token: { rows, token of the next page }.
local function over(pages, limit, first)
  local asked = {}
  local function fetch(token)
    asked[#asked + 1] = token or "first"
    local page = pages(token)
    if page.err then return nil, page.err, {} end
    return page[1], nil, { next_page = page[2], number = #asked }
  end
  local rows, failures = {}, {}
  for row, err in paging.each("each", fetch, limit, first) do
    if row then rows[#rows + 1] = row else failures[#failures + 1] = err end
    if #rows > 10000 then error("no end") end
  end
  return rows, failures, asked
end

local function from_table(pages)
  return function(token) return pages[token or "first"] end
end

describe("the rows of all pages", function()
  it("come in order, and end where a page has no token", function()
    local rows, failures, asked = over(from_table { first = { { 1, 2 }, "a" }, a = { { 3 }, "b" }, b = { { 4 } } })
    assert.same({ { 1, 2, 3, 4 }, {}, { "first", "a", "b" } }, { rows, failures, asked })
  end)

  it("end at an empty page, whatever token it has", function()
    local rows, failures, asked = over(from_table { first = { { 1 }, "a" }, a = { {}, "b" } })
    assert.same({ { 1 }, {}, { "first", "a" } }, { rows, failures, asked })
  end)

  it("end at the token that was just sent", function()
    local rows, failures, asked = over(from_table { first = { { 1 }, "a" }, a = { { 2 }, "a" } })
    assert.same({ { 1, 2 }, {}, { "first", "a" } }, { rows, failures, asked })
  end)

  -- Also where the round begins only after some pages.
  for _, case in ipairs {
    { 2 }, { 3 }, { 4 }, { 5 }, { 8 }, { 9 }, { 2, 1 }, { 3, 7 }, { 4, 100 }, { 8, 3 }, { 64, 5 }, { 1000 },
  } do
    local length, before = case[1], case[2] or 0
    it(("end with an error where %d tokens come round again after %d pages"):format(length, before), function()
      local rows, failures = over(function(token)
        local at = token and tonumber(token) or 0
        return { { at }, tostring(at + 1 < before + length and at + 1 or before) }
      end)
      assert.equal(1, #failures)
      assert.equal("protocol", failures[1].kind)
      assert.truthy(#rows <= 4 * (length + before) + 2, #rows)
    end)
  end

  it("end once with a failure, and stay ended", function()
    local pages = from_table { first = { { 1 }, "a" }, a = { err = "broken" } }
    local next_row = paging.each("each", function(token)
      local page = pages(token)
      return page[1], page.err, { next_page = page[2] }
    end)
    assert.equal(1, (next_row()))
    assert.same({ false, "broken", {} }, { next_row() })
    for _ = 1, 3 do assert.is_nil((next_row())) end
  end)

  it("end with an error at one that is false or null, which is no row", function()
    for _, odd in ipairs { false, require("sapanywhere.core").null } do
      local rows, failures, asked = over(from_table { first = { { 1, odd, 2 }, "a" }, a = { { 3 } } })
      assert.same({ { 1 }, { "first" } }, { rows, asked })
      assert.equal(1, #failures)
      assert.equal("protocol", failures[1].kind)
    end
  end)

  it("are no more than the limit, and no page is asked for beyond it", function()
    local rows, _, asked = over(from_table { first = { { 1, 2 }, "a" }, a = { { 3, 4 }, "b" } }, 2)
    assert.same({ { 1, 2 }, { "first" } }, { rows, asked })
    rows, _, asked = over(from_table { first = { { 1, 2 }, "a" }, a = { { 3, 4 }, "b" } }, 3)
    assert.same({ { 1, 2, 3 }, { "first", "a" } }, { rows, asked })
  end)

  it("begin at the page that is asked for", function()
    local rows, _, asked = over(from_table { a = { { 3 } } }, nil, "a")
    assert.same({ { 3 }, { "a" } }, { rows, asked })
  end)

  it("are not fetched before they are needed", function()
    local fetched = 0
    local next_row = paging.each("each", function()
      fetched = fetched + 1
      return { 1, 2 }, nil, { next_page = tostring(fetched) }
    end)
    assert.equal(0, fetched)
    next_row()
    next_row()
    assert.equal(1, fetched)
    next_row()
    assert.equal(2, fetched)
  end)
end)
