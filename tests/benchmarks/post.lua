-- wrk: posts the request of the file named by TEMPLATE; its holes take another number each time.
-- FIRST is this run's first number; a thousand million are kept for every thread.
local threads = 0

function setup(thread)
    thread:set("place", threads)
    threads = threads + 1
end

function init(_)
    local file = assert(io.open(os.getenv("TEMPLATE"), "rb"))
    local request_text = file:read("*a")
    file:close()
    pieces = {}
    for piece in (request_text .. "@@@@@@@@@@@@"):gmatch("(.-)@@@@@@@@@@@@") do
        pieces[#pieces + 1] = piece
    end
    number = tonumber(os.getenv("FIRST")) + place * 1e9
end

function request()
    number = number + 1
    return table.concat(pieces, string.format("%012.0f", number))
end

function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "refused": %d, "broken": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
