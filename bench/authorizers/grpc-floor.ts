/**
 * A server of `@grpc/grpc-js` that allows every check without deciding anything: what the library alone costs, and how long it
 * pauses. Prints its port.
 */
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { authorization, type CheckMessage, type VerdictMessage } from '../../src/authorizer/grpc/messages.ts';

/** As long as the verdict that the gateway sends. */
const allowed: VerdictMessage = {
  status: { code: 0 },
  okResponse: {
    headers: ['user-id', 'user-roles', 'user-groups', 'session-id'].map((key) => ({
      header: { key, value: '00000000-0000-4000-8000-000000000001' },
      ...{ append: { value: false }, appendAction: 2, keepEmptyValue: true as const },
    })),
    headersToRemove: ['authorization', 'api-key', 'api-secret'],
  },
  dynamicMetadata: { fields: {} },
};

const server = new Server({ 'grpc.enable_channelz': 0 });
server.addService(authorization, {
  Check: (_call: ServerUnaryCall<CheckMessage, VerdictMessage>, send: sendUnaryData<VerdictMessage>) =>
    send(null, allowed),
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(port);
});
