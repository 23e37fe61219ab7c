// The server gives a form in place of this page while nobody is logged in: asking for the page again
// shows it, and leads back here.

const EVERY_MS = 10_000;
const STORED = 'pitot.login';

export function toLogin(): void {
  // A proxy that shows this page to everybody and passes no cookie must not make it go round in circles.
  try {
    const last = Number(sessionStorage.getItem(STORED));
    if (Date.now() - last < EVERY_MS) return;
    sessionStorage.setItem(STORED, String(Date.now()));
  } catch {
    return;
  }
  location.reload();
}
