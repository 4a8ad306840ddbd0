-- KumoMTA -> Bounce Processing. Save as @@place@@,
-- and in init.lua, outside of every event handler: dofile '@@place@@'
-- Made by `bounces push integration`; docs/kumomta.md says what to do with it.

local kumo = require 'kumo'
local log_hooks = require 'policy-extras.log_hooks'

local URL = '@@url@@'
-- The token and nothing else, readable by KumoMTA's user alone. Read anew for each request.
local TOKEN_FILE = '@@token_file@@'

-- Bytes of a request, of a record, and of the complained message in a feedback record that is longer than that.
local REQUEST_BYTES = @@request_bytes@@
local RECORD_BYTES = @@record_bytes@@
local MESSAGE_BYTES = @@message_bytes@@

local function token()
  local file = assert(io.open(TOKEN_FILE, 'r'))
  local text = file:read 'a'
  file:close()
  return (text:gsub('%s+', ''))
end

-- The first `size` bytes of `text` at most, without half a character at their end.
local function cut(text, size)
  if #text <= size then
    return text
  end
  while size > 0 and text:byte(size + 1) >= 0x80 and text:byte(size + 1) < 0xC0 do
    size = size - 1
  end
  return text:sub(1, size)
end

-- A record as JSON. A feedback report holds the whole message that was complained of, of which its headers say enough.
local function encoded(message)
  local data = message:get_data()
  if #data <= RECORD_BYTES then
    return data
  end
  local record = kumo.serde.json_parse(data)
  local report = record.feedback_report
  if type(report) == 'table' and type(report.original_message) == 'string' then
    report.original_message = cut(report.original_message, MESSAGE_BYTES)
  end
  return kumo.serde.json_encode(record)
end

log_hooks:new {
  name = 'bounce_processing',
  batch_size = @@batch@@,
  log_parameters = {
    headers = { 'X-FBLId', 'Feedback-ID', 'List-Id' },
    meta = { 'campaign' },
    per_record = {
@@types@@      Any = { enable = false },
    },
  },
  queue_config = {
    retry_interval = '1m',
    max_retry_interval = '20m',
    max_age = '14 days',
  },
  constructor = function(domain, tenant, campaign)
    local connection = {}
    local client = kumo.http.build_client { timeout = '35 seconds' }

    -- 400 means try again later, until max_age. What was taken already and comes again changes nothing.
    local function post(records)
      local answered, response = pcall(function()
        return client
          :post(URL)
          :header('Content-Type', 'application/json')
          :header('Authorization', 'Bearer ' .. token())
          :body('[' .. table.concat(records, ',') .. ']')
          :send()
      end)
      if not answered then
        kumo.reject(400, 'no answer: ' .. tostring(response))
      end
      local answer = string.format(
        '%d %s: %s',
        response:status_code(),
        response:status_reason(),
        response:text()
      )
      if response:status_code() ~= 200 then
        kumo.reject(400, answer)
      end
      return answer
    end

    function connection:send_batch(messages)
      local records, size, answer = {}, 0, nil
      for _, message in ipairs(messages) do
        local data = encoded(message)
        if #records > 0 and size + #data + #records + 2 > REQUEST_BYTES then
          answer = post(records)
          records, size = {}, 0
        end
        table.insert(records, data)
        size = size + #data
      end
      if #records > 0 then
        answer = post(records)
      end
      return answer
    end

    function connection:close()
      client:close()
    end

    return connection
  end,
}
