// Work that may take long, in slices: between two of them the browser draws and answers the reader.

const SLICE_MS = 12;

// To be awaited often: lets others in when the slice is over, else goes on at once.
export function createSlices(): () => Promise<void> | undefined {
  let began = performance.now();
  return () => {
    if (performance.now() - began < SLICE_MS) return undefined;
    return nextTask().then(() => void (began = performance.now()));
  };
}

// A message comes back as a task of its own, without the four milliseconds that a timer takes.
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

// Runs a generator to its end, in slices.
export async function runInSlices<T>(steps: Generator<void, T, void>): Promise<T> {
  const slice = createSlices();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await slice();
  }
}
