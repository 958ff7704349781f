--- Downloads a bulk job's file: `lua download.lua BASE_URL PATH`.

local sapanywhere = require "sapanywhere"

local secret = ("0123456789abcdef"):rep(2)
local shop = assert(sapanywhere.instance { base_url = arg[1], user_secret = secret, token = secret })

assert(shop:bulk_download { id = 1, object = "customers", format = "csv", to = arg[2] })
