describe("a library that is kept", function()
  it("is the same after busted has forgotten it, and is not freed", function()
    if not require "support.optional" "luv" then return pending("there is no luv for this Lua") end
    local kept = require "support.kept"
    local watched = setmetatable({ kept "luv" }, { __mode = "v" })
    package.loaded.luv, package.loaded["support.kept"] = nil, nil
    collectgarbage()
    collectgarbage()
    assert.is_table(watched[1])
    assert.equal(watched[1], require "support.kept" "luv")
    assert.equal(watched[1], require "luv")
  end)
end)
