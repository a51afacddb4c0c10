// The page's lint: everything eslint recommends, and what a page without a build step needs.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../.tools/node/package.json", import.meta.url));
const js = require("@eslint/js");
const globals = require("globals");

export default [
  js.configs.recommended,
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      "consistent-return": "error",
      curly: "error",
      "default-case-last": "error",
      eqeqeq: "error",
      "no-alert": "error",
      "no-console": "error",
      "no-else-return": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-param-reassign": ["error", { props: false }],
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Text of foreign origin is never markup: use h()." },
        { property: "outerHTML", message: "Text of foreign origin is never markup: use h()." },
        { property: "insertAdjacentHTML", message: "Text of foreign origin is never markup: use h()." },
      ],
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-unmodified-loop-condition": "error",
      "no-use-before-define": ["error", { functions: false }],
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      radix: "error",
      "require-atomic-updates": "off", // screens change while something is asked; the table decides what still counts
    },
  },
];
