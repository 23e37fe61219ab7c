export { Story as default } from './Story';
