// dynalite in memory on a free port of 127.0.0.1, until its standard input ends: so it never outlives who started it,
// however that one ends. Says its port once it listens.
const dynalite = require('dynalite')

const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
server.keepAliveTimeout = 0 // a connection that rests is kept: closed, it would cost its next request a second try
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.on('end', () => process.exit()).resume()
