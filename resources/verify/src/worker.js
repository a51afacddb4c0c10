// Reads the seal of one picture at a time, away from the page: a hostile file may take long or bring the reader down, never the page.
import { initSync, WasmReader } from "@contentauth/c2pa-wasm";

onmessage = async ({ data }) => {
  if (data.module) {
    initSync({ module: data.module });
    return;
  }
  const { id, blob, type, settings } = data;
  try {
    const reader = await WasmReader.fromBlob(type, blob, settings);
    const json = reader.json();
    reader.free();
    postMessage({ id, json });
  } catch (error) {
    postMessage({ id, error: String(error instanceof Error ? error.message : error) });
  }
};
