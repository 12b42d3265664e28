// A GraphQL server that never echoes: it speaks the subprotocol `graphql-ws` of Apollo's
// subscriptions-transport-ws, and there is nothing to subscribe to but a number that never comes.
const { createServer } = require('http');
const { buildSchema, execute, subscribe } = require('graphql');
const { SubscriptionServer } = require('subscriptions-transport-ws');

const schema = buildSchema('type Query { number: Int } type Subscription { number: Int }');

const server = createServer((request, response) => {
  response.writeHead(404);
  response.end();
});

SubscriptionServer.create({ schema, execute, subscribe, rootValue: {} }, { server, path: '/' });
server.listen(Number(process.argv[2]), '127.0.0.1');
