export { CostTab as default } from './CostTab';
