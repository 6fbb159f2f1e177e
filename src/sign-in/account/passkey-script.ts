/**
 * The only script of the pages of accounts. It asks the browser for a passkey, or to create one, and sends the result with the form around
 * the button. Without script the form stays hidden, and the rest of the page works.
 */

/** `data-options`: where the options come from. `data-create`: a passkey is created instead of used. */
export const passkeyScript = `'use strict';
const form = document.querySelector('form[data-options]');
const isNew = 'create' in form.dataset;
const read = self.PublicKeyCredential?.[isNew ? 'parseCreationOptionsFromJSON' : 'parseRequestOptionsFromJSON'];
let asked = new AbortController();
let askedAt = 0;
let isPressed = false;

/** Browsers refuse a second request while a suggestion is pending, so that one ends first. */
async function ask(mediation) {
  asked.abort();
  asked = new AbortController();
  askedAt = Date.now();
  const { signal } = asked;
  const body = new URLSearchParams(new FormData(form));
  const response = await fetch(form.dataset.options, { method: 'POST', body, redirect: 'error', signal });
  if (!response.ok) throw new Error(response.headers.get('x-error'));
  const { options, pending = '' } = await response.json();
  const publicKey = read.call(PublicKeyCredential, options);
  const credential = isNew
    ? await navigator.credentials.create({ publicKey, signal })
    : await navigator.credentials.get({ publicKey, signal, mediation });
  form.elements.pending.value = pending;
  form.elements.credential.value = JSON.stringify(credential);
  form.submit();
}

/** Among the suggestions for the address. A failure is shown only to those who pressed the button. */
async function suggest() {
  if (isNew || !(await PublicKeyCredential.isConditionalMediationAvailable?.()) || isPressed) return;
  await ask('conditional').catch(() => {});
}

if (read !== undefined) {
  const failed = form.querySelector('[role=alert]');
  form.hidden = false;
  form.onsubmit = async (event) => {
    event.preventDefault();
    failed.hidden = true;
    isPressed = true;
    try {
      await ask('optional');
    } catch (error) {
      // Pressed again.
      if (error.name === 'AbortError') return;
      failed.hidden = false;
      isPressed = false;
      void suggest();
    }
  };
  // A challenge is valid for five minutes.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && Date.now() - askedAt > 240000) void suggest();
  });
  void suggest();
}
`;
