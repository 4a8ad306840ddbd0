-- What KumoMTA gives a policy script, as far as the generated log hook uses it: prints, as lines of text, what it asks for
-- and what it sends. Arguments: the generated file, the answers' codes with commas between, and files of records, whose
-- lines are the messages of one batch.

local hook_file, codes = arg[1], arg[2]
local answers = {}
for code in codes:gmatch '%d+' do
  table.insert(answers, tonumber(code))
end

local function said(...)
  print(table.concat({ ... }, '\t'))
end

local function request(url)
  local asked = { url = url, headers = {} }
  function asked:header(name, value)
    table.insert(self.headers, name .. ': ' .. value)
    return self
  end
  function asked:body(text)
    self.text = text
    return self
  end
  function asked:send()
    local code = table.remove(answers, 1)
    said('POST', self.url, table.concat(self.headers, '; '), #self.text)
    said('BODY', self.text)
    if code == 0 then
      error 'connection refused'
    end
    return {
      status_code = function() return code end,
      status_reason = function() return 'Reason' end,
      text = function() return 'said' end,
    }
  end
  return asked
end

package.preload['kumo'] = function()
  return {
    http = {
      build_client = function(options)
        said('CLIENT', options.timeout)
        return { post = function(_, url) return request(url) end, close = function() said 'CLOSED' end }
      end,
    },
    -- Enough of JSON for the records of the test: one feedback record, whose message is the only long text.
    serde = {
      json_parse = function(text)
        local before, message, after = text:match '^(.-"original_message":")(.-)("}.*)$'
        assert(before, 'no feedback record')
        return { feedback_report = { original_message = message }, before = before, after = after }
      end,
      json_encode = function(record)
        return record.before .. record.feedback_report.original_message .. record.after
      end,
    },
    reject = function(code, text)
      error(string.format('REJECT\t%d\t%s', code, text), 0)
    end,
  }
end

local hook
package.preload['policy-extras.log_hooks'] = function()
  return { new = function(_, options) hook = options end }
end

dofile(hook_file)
said('NAME', hook.name, hook.batch_size)
local enabled = {}
for name, record in pairs(hook.log_parameters.per_record) do
  if record.enable then
    table.insert(enabled, name)
  end
end
table.sort(enabled)
said('TYPES', table.concat(enabled, ','), tostring(hook.log_parameters.per_record.Any.enable))
said('QUEUE', hook.queue_config.retry_interval, hook.queue_config.max_age)

local connection = hook.constructor('domain', 'tenant', 'campaign')
for place = 3, #arg do
  local batch = {}
  for line in io.lines(arg[place]) do
    table.insert(batch, { get_data = function() return line end })
  end
  local ok, answer = pcall(connection.send_batch, connection, batch)
  said(ok and 'SENT' or 'FAILED', tostring(answer))
end
connection:close()
