#include "texts.h"

#include <string.h>

static const struct {
  const char *name;
  const char *sentences;
} texts[BENCH_TEXTS] = {
    {"ASCII", "The lighthouse keeper counted the ships at dusk and wrote each name in a ledger. "
              "Nobody had asked him to, but the habit was older than the lamp itself. "},
    {"Russian", "Смотритель маяка считал корабли на закате и записывал каждое имя в тетрадь. "
                "Никто его об этом не просил, но привычка была старше самой лампы. "},
    {"Chinese", "守灯塔的人在黄昏时数着船只，把每一个名字写进本子里。"
                "没有人要求他这样做，可是这个习惯比灯本身还要古老。"},
    {"French", "Le gardien du phare, né à Sète, comptait les navires à la tombée du jour et notait "
               "leurs noms dans un cahier usé. Personne ne l'avait demandé ; l'habitude était plus "
               "âgée que la lampe elle-même, et il y tenait. "},
    {"emoji", "🚢⚓🌊🌅📒✍🔦🕯🐦🌬🧭🗺🐋🦀🪝🛟🌙⭐👩🏽🚀"},
    {"sparse", "The lighthouse keeper counted the ships at dusk and wrote each name in a ledger. "
               "Nobody had asked him to, but the habit was older than the lamp itself. On the last "
               "page, under a pressed flower, there was one name he never read aloud: Zoë. She had "
               "sailed north with the first wind of spring and left him the ledger and the pen. "},
};

const char *bench_text_name(size_t text) {
  return texts[text].name;
}

void bench_text_fill(size_t text, uint8_t *out, size_t len) {
  const char *sentences = texts[text].sentences;
  size_t period = strlen(sentences);
  for (size_t i = 0; i < len; i++) {
    out[i] = (uint8_t)sentences[i % period];
  }
  /* The last code point goes if what follows it in the sentences is a continuation. */
  size_t whole = len;
  while (whole > 0 && ((uint8_t)sentences[whole % period] & 0xc0) == 0x80) {
    whole--;
  }
  memset(out + whole, '.', len - whole);
}
