// What a blank of a template takes, as the station checks it (`emergency/templates.py`; tests/test_templates.py compares the two). Pure.

const SHAPES = {
  number: /^[0-9]{1,6}(\.[0-9]{1,2})?$/,
  time: /^(?!\d+$)(?!.*(?:2[5-9]|[3-9]\d|\d{3,}):)(?!.*:(?:[6-9]\d|\d{3,}))[0-9年月日号时点分半:今明后天晨早上中午下晚夜凌前\- ]+$/,
};

export const fits = (type, text) => SHAPES[type]?.test(text) ?? true;
