local errors = require "sapanywhere.errors"

describe("errors", function()
  it("print as one line that says whose, what and why", function()
    local err = errors.new("auth",
      { message = "oauth_url: the server\r\nanswered 401", request_id = "53dbca94" })
    assert.equal("sapanywhere: auth: oauth_url: the server answered 401 (request 53dbca94)", tostring(err))
  end)

  it("join with strings on either side", function()
    local err = errors.new("dns", { message = "no such host" })
    assert.equal("x: sapanywhere: dns: no such host", "x: " .. err)
    assert.equal("sapanywhere: dns: no such host!", err .. "!")
    assert.equal(tostring(err) .. tostring(err), err .. err)
  end)

  it("know their own", function()
    assert.is_true(errors.is(errors.new("usage")))
    for _, other in ipairs { "usage", 1, {}, setmetatable({}, {}) } do assert.is_false(errors.is(other)) end
    assert.is_false(errors.is(nil))
  end)

  it("copy the fields they are given", function()
    local fields = { message = "m", status = 500 }
    local err = errors.new("server", fields)
    fields.status = 1
    assert.equal(500, err.status)
    assert.is_nil(getmetatable(fields))
  end)

  it("have the kinds of the contract and no other", function()
    local contract = "usage denied state callback dns connect tls timeout cancelled protocol too_large json"
      .. " auth forbidden not_found conflict rate_limited rejected server wrong_phase closed job file signature store"
    assert.equal(contract, table.concat(errors.KINDS, " "))
    for _, kind in ipairs(errors.KINDS) do assert.equal(kind, errors.new(kind).kind) end
    assert.error_matches(function() errors.new("oops") end, "no such kind of error: oops")
  end)

  describe("of usage", function()
    local err = errors.usage("create_instance", {
      { option = "timeout", kind = "wrong", message = "timeout must be a number" },
      { option = "name", kind = "missing" },
      { option = "nmae", kind = "unknown", message = "unknown option 'nmae' (did you mean 'name'?)" },
      { option = "timeout", kind = "wrong", message = "timeout must be a number" },
      { option = "code", kind = "missing" },
    })

    it("say what is wrong with one option in one order", function()
      for _, order in ipairs { { "a", "b" }, { "b", "a" } } do
        local problems = {}
        for i, word in ipairs(order) do problems[i] = { option = "x", kind = "wrong", message = "x " .. word } end
        assert.equal("call: x a; x b", errors.usage("call", problems).message)
      end
    end)

    it("say everything at once, in one order, each thing once", function()
      assert.equal("sapanywhere: usage: create_instance: missing code, name; unknown option 'nmae'"
        .. " (did you mean 'name'?); timeout must be a number", tostring(err))
      assert.same({ "code", "name" }, err.missing)
      local options = {}
      for i, problem in ipairs(err.problems) do options[i] = problem.option end
      assert.same({ "code", "name", "nmae", "timeout" }, options)
    end)

    it("say that nothing was sent", function()
      assert.equal("not_sent", err.outcome)
      assert.is_false(err.retryable)
    end)
  end)
end)
