// A mail server that accepts everything and prints each message as one line of JSON.
import { createServer } from 'node:net';

const greeting = '220 mail\r\n';
const answers = { EHLO: '250 mail\r\n', HELO: '250 mail\r\n', MAIL: '250 ok\r\n', RCPT: '250 ok\r\n', RSET: '250 ok\r\n' };

createServer((socket) => {
  let text = '';
  let inMessage = false;
  socket.write(greeting);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (;;) {
      const mark = inMessage ? '\r\n.\r\n' : '\r\n';
      const end = text.indexOf(mark);
      if (end === -1) return;
      const part = text.slice(0, end);
      text = text.slice(end + mark.length);
      if (inMessage) {
        inMessage = false;
        console.log(JSON.stringify({ message: part }));
        socket.write('250 taken\r\n');
        continue;
      }
      const verb = part.slice(0, 4).toUpperCase();
      if (verb === 'QUIT') return socket.end('221 bye\r\n');
      inMessage = verb === 'DATA';
      socket.write(inMessage ? '354 go on\r\n' : (answers[verb] ?? '502 not known\r\n'));
    }
  });
}).listen(1025);
