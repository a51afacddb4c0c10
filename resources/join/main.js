// The customer's page begins here.

import { App } from "./app.js";

void new App().start();
