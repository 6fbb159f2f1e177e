// The page: shows one of three steps, and tells what went wrong in words that support can use.
import { createSession, Refused } from './session.js';

const find = (id) => document.getElementById(id);
const steps = ['ask', 'prove', 'inside'];
let pending = null;
let endsAtMs = 0;

const session = createSession((who) => {
  find('answer').hidden = true;
  if (who === null) return show('ask');
  endsAtMs = who.endsAtMs;
  find('name').textContent = who.fullName;
  find('initial').textContent = who.fullName.slice(0, 1).toUpperCase();
  find('roles').textContent = who.roles.join(', ');
  tick();
  show('inside');
});

function show(step) {
  for (const id of steps) find(id).hidden = id !== step;
  find(step).querySelector('input, button')?.focus();
}

function say(text, id = null) {
  find('trouble').textContent = text;
  find('trouble').hidden = text === '';
  if (id !== null) {
    const shown = document.createElement('code');
    shown.textContent = id;
    find('trouble').append(' Error id: ', shown);
  }
}

/** One action at a time, with its button at rest and its failure in words. */
async function run(button, action) {
  say('');
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Refused)) say('The server cannot be reached. Try again.');
    else if (error.retryAfterS !== null) say(`${error.message}. Try again in ${error.retryAfterS} s.`, error.errorId);
    else say(`${error.message}.`, error.errorId);
  } finally {
    button.disabled = false;
  }
}

const onSubmit = (id, action) =>
  find(id).addEventListener('submit', (event) => {
    event.preventDefault();
    run(find(id).querySelector('button[type=submit]'), action);
  });
const onClick = (id, action) => find(id).addEventListener('click', () => run(find(id), action));

onSubmit('ask', async () => {
  pending = await session.begin(find('email').value);
  find('address').textContent = find('email').value;
  find('code').value = '';
  show('prove');
});
onSubmit('prove', () => session.finish(pending, find('code').value));
onClick('back', async () => show('ask'));
onClick('order', async () => {
  const answer = await session.call('GET', '/orders/7');
  find('answer').textContent = JSON.stringify(await answer.json(), null, 2);
  find('answer').hidden = false;
});
onClick('leave', () => session.end());

function tick() {
  const leftS = Math.max(0, Math.round((endsAtMs - Date.now()) / 1000));
  const [hours, minutes, seconds] = [Math.floor(leftS / 3600), Math.floor(leftS / 60) % 60, leftS % 60];
  find('left').textContent =
    hours > 0 ? `${hours} h ${minutes} min` : minutes > 0 ? `${minutes} min ${seconds} s` : `${seconds} s`;
}
setInterval(tick, 1000);

// The bearer of an earlier load is gone.
show('ask');
