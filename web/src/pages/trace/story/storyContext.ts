// What the parts of a story do besides showing themselves.

import { createContext, useContext } from 'react';

export interface StoryActions {
  traceId: string;
  open: (spanId: string) => void; // Its details, beside the story.
  goTo: (n: number) => void; // To the step with this number.
}

const StoryContext = createContext<StoryActions>({ traceId: '', open: () => {}, goTo: () => {} });
export const StoryProvider = StoryContext.Provider;

export function useStoryActions(): StoryActions {
  return useContext(StoryContext);
}
