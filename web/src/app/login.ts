// The server gives a form in place of this page while nobody is logged in: asking for the page again
// shows it, and leads back here.
//
// A proxy that shows this page to everybody and passes no cookie must not make it go round in circles:
// after asking once, nobody asks again for a while, unless the server knew us in between.

const EVERY_MS = 10_000;
const STORED = 'pitot.login';

// Somebody logs out: the page is about to be left, whatever is refused until then.
let leaving = false;

// Ends the session by `end`, then goes to the first page, which asks for a key.
export async function logOut(end: () => Promise<unknown>): Promise<void> {
  leaving = true;
  await end().catch(() => undefined);
  location.assign('/');
}

export function toLogin(): void {
  if (leaving) return;
  try {
    const last = Number(sessionStorage.getItem(STORED));
    if (Date.now() - last < EVERY_MS) return;
    sessionStorage.setItem(STORED, String(Date.now()));
  } catch {
    return;
  }
  location.reload();
}

// The server answered: whoever is sent to the login later was logged in until then.
export function wasAnswered(): void {
  try {
    sessionStorage.removeItem(STORED);
  } catch {
    // Nothing is stored here, so nothing holds the login back.
  }
}
