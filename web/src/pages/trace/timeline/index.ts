export { Timeline as default } from './Timeline';
