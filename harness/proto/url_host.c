#include "proto/url_host.h"

#include "base/ascii.h"

enum { IPV6_PIECES = 8 };

static int hex_value(uint8_t octet) {
  uint8_t lower = wspec_ascii_lower(octet);
  if (wspec_ascii_is_digit(octet)) {
    return octet - '0';
  }
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Writes `number` in `base`, 10 or 16, and returns how many digits it has. */
static size_t write_number(char *out, unsigned number, unsigned base) {
  char digits[sizeof number * 3];
  size_t len = 0;
  size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[number % base];
    number /= base;
  } while (number > 0);
  for (; at < sizeof digits; at++) {
    out[len++] = digits[at];
  }
  return len;
}

static size_t write_ipv4(uint32_t address, char *out) {
  size_t len = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    len += write_number(out + len, (address >> shift) & 255, 10);
    if (shift > 0) {
      out[len++] = '.';
    }
  }
  return len;
}

/* Exactly four numbers 0-255 without leading zeros, as RFC 3986 section 3.2.2 has them. */
static bool read_dotted_decimal(struct wspec_span text, uint32_t *address) {
  size_t at = 0;
  *address = 0;
  for (int n = 0; n < 4; n++) {
    size_t start = at;
    unsigned number = 0;
    while (at < text.len && at < start + 3 && wspec_ascii_is_digit(text.data[at])) {
      number = number * 10 + (unsigned)(text.data[at++] - '0');
    }
    if (at == start || number > 255 || (text.data[start] == '0' && at > start + 1)) {
      return false;
    }
    *address = *address << 8 | number;
    if (n < 3 && (at == text.len || text.data[at++] != '.')) {
      return false;
    }
  }
  return at == text.len;
}

/* One piece of up to four hexadecimal digits; returns how many it has. */
static size_t read_piece(struct wspec_span text, unsigned *piece) {
  size_t len = 0;
  *piece = 0;
  while (len < 4 && len < text.len && hex_value(text.data[len]) >= 0) {
    *piece = *piece * 16 + (unsigned)hex_value(text.data[len++]);
  }
  return len;
}

/* The colon-separated pieces of one side of "::", or of a whole address without it. The last two
 * may be written as dotted decimal where `text` ends the address. Returns how many there are,
 * IPV6_PIECES + 1 if they are malformed or too many. */
static unsigned read_pieces(struct wspec_span text, bool ends_address, unsigned *pieces) {
  const unsigned malformed = IPV6_PIECES + 1;
  unsigned n = 0;
  while (text.len > 0) {
    uint32_t address;
    if (n == IPV6_PIECES) {
      return malformed;
    }
    if (ends_address && n + 2 <= IPV6_PIECES && read_dotted_decimal(text, &address)) {
      pieces[n] = address >> 16;
      pieces[n + 1] = address & 0xffff;
      return n + 2;
    }
    size_t len = read_piece(text, &pieces[n++]);
    bool is_last = len == text.len;
    if (len == 0 || (!is_last && (text.data[len] != ':' || len + 1 == text.len))) {
      return malformed;
    }
    text = wspec_span_from(text, is_last ? len : len + 1);
  }
  return n;
}

/* Where "::" stands, or the length. */
static size_t find_gap(struct wspec_span text) {
  for (size_t i = 0; i + 1 < text.len; i++) {
    if (text.data[i] == ':' && text.data[i + 1] == ':') {
      return i;
    }
  }
  return text.len;
}

/* RFC 4291 section 2.2. "::" stands for one zero piece at least, as in RFC 3986 and WHATWG. */
static bool read_ipv6(struct wspec_span text, unsigned pieces[IPV6_PIECES]) {
  unsigned after[IPV6_PIECES];
  size_t gap = find_gap(text);
  bool has_gap = gap < text.len;
  unsigned n_before = read_pieces((struct wspec_span){text.data, gap}, !has_gap, pieces);
  if (!has_gap) {
    return n_before == IPV6_PIECES;
  }
  unsigned n_after = read_pieces(wspec_span_from(text, gap + 2), true, after);
  if (n_before + n_after >= IPV6_PIECES) {
    return false;
  }
  for (unsigned i = n_before; i < IPV6_PIECES; i++) {
    unsigned from_end = IPV6_PIECES - i;
    pieces[i] = from_end <= n_after ? after[n_after - from_end] : 0;
  }
  return true;
}

/* The longest run of two zero pieces or more, the first of equals; IPV6_PIECES if there is none. */
static unsigned find_zero_run(const unsigned pieces[IPV6_PIECES], unsigned *run_len) {
  unsigned best = IPV6_PIECES;
  *run_len = 1;
  for (unsigned i = 0; i < IPV6_PIECES; i++) {
    unsigned len = 0;
    while (i + len < IPV6_PIECES && pieces[i + len] == 0) {
      len++;
    }
    if (len > *run_len) {
      best = i;
      *run_len = len;
    }
  }
  return best;
}

/* The WHATWG IPv6 serializer: RFC 5952, but never with an IPv4 tail. */
static size_t write_ipv6(const unsigned pieces[IPV6_PIECES], char *out) {
  unsigned run_len;
  unsigned run = find_zero_run(pieces, &run_len);
  size_t len = 0;
  out[len++] = '[';
  for (unsigned i = 0; i < IPV6_PIECES; i++) {
    if (i == run) {
      out[len++] = ':';
      out[len++] = ':';
      i += run_len - 1;
      continue;
    }
    if (i > 0 && out[len - 1] != ':') {
      out[len++] = ':';
    }
    len += write_number(out + len, pieces[i], 16);
  }
  out[len++] = ']';
  return len;
}

static const char *parse_ipv6(struct wspec_span text, char *out, size_t *out_len) {
  unsigned pieces[IPV6_PIECES];
  if (text.data[text.len - 1] != ']') {
    return "the host begins with '[' but does not end with ']'";
  }
  if (!read_ipv6((struct wspec_span){text.data + 1, text.len - 2}, pieces)) {
    return "the host in brackets is not an IPv6 address";
  }
  *out_len = write_ipv6(pieces, out);
  return NULL;
}

/* One part of an IPv4 address: decimal, 0 and octal, or 0x and hexadecimal (the WHATWG IPv4 number
 * parser). Numbers too large for 32 bits come out as 2^32. */
static bool read_number(struct wspec_span part, uint64_t *number) {
  const uint64_t too_large = UINT64_C(1) << 32;
  unsigned base = 10;
  size_t i = 0;
  *number = 0;
  if (part.len >= 2 && part.data[0] == '0') {
    bool is_hex = wspec_ascii_lower(part.data[1]) == 'x';
    base = is_hex ? 16 : 8;
    i = is_hex ? 2 : 1;
  }
  for (; i < part.len; i++) {
    int digit = hex_value(part.data[i]);
    if (digit < 0 || (unsigned)digit >= base) {
      return false;
    }
    *number = *number * base + (unsigned)digit;
    *number = *number > too_large ? too_large : *number;
  }
  return part.len > 0;
}

static struct wspec_span last_part(struct wspec_span host) {
  size_t start = host.len;
  while (start > 0 && host.data[start - 1] != '.') {
    start--;
  }
  return (struct wspec_span){host.data + start, host.len - start};
}

static bool is_all_digits(struct wspec_span text) {
  for (size_t i = 0; i < text.len; i++) {
    if (!wspec_ascii_is_digit(text.data[i])) {
      return false;
    }
  }
  return text.len > 0;
}

/* Returns `host` without one dot at its end. */
static struct wspec_span without_root_dot(struct wspec_span host) {
  if (host.len > 1 && host.data[host.len - 1] == '.') {
    host.len--;
  }
  return host;
}

/* The WHATWG ends-in-a-number checker: such a host is an IPv4 address or nothing. */
static bool ends_in_number(struct wspec_span host) {
  uint64_t number;
  struct wspec_span part = last_part(without_root_dot(host));
  return is_all_digits(part) ||
         (part.len >= 2 && part.data[0] == '0' && wspec_ascii_lower(part.data[1]) == 'x' &&
          read_number(part, &number));
}

static const char *parse_ipv4(struct wspec_span host, char *out, size_t *out_len) {
  static const char NOT_IPV4[] = "the host ends in a number but is not an IPv4 address";
  uint64_t address = 0;
  struct wspec_span rest = without_root_dot(host);
  for (unsigned n = 0; n < 4; n++) {
    uint64_t number;
    const uint8_t *dot = memchr(rest.data, '.', rest.len);
    size_t len = dot ? (size_t)(dot - rest.data) : rest.len;
    /* the last part fills all octets that are left */
    uint64_t ceiling = dot ? 255 : (UINT64_C(1) << (8 * (4 - n))) - 1;
    if (!read_number((struct wspec_span){rest.data, len}, &number) || number > ceiling) {
      return NOT_IPV4;
    }
    if (!dot) {
      address |= number;
      *out_len = write_ipv4((uint32_t)address, out);
      return NULL;
    }
    address |= number << (8 * (3 - n));
    rest = wspec_span_of(dot + 1, rest.len - len - 1);
  }
  return NOT_IPV4;
}

/* Percent-decodes to `out` and folds case; the decoded text may hold any octet. */
static struct wspec_span decode(struct wspec_span text, char *out) {
  size_t len = 0;
  for (size_t i = 0; i < text.len; i++) {
    uint8_t octet = text.data[i];
    if (octet == '%' && text.len - i > 2 && hex_value(text.data[i + 1]) >= 0 &&
        hex_value(text.data[i + 2]) >= 0) {
      octet = (uint8_t)(hex_value(text.data[i + 1]) * 16 + hex_value(text.data[i + 2]));
      i += 2;
    }
    out[len++] = (char)wspec_ascii_lower(octet);
  }
  return wspec_span_of(out, len);
}

static const char *check_domain(struct wspec_span domain) {
  for (size_t i = 0; i < domain.len; i++) {
    uint8_t octet = domain.data[i];
    if (octet >= 0x80) {
      return "the host is not ASCII; write its punycode form (xn--...)";
    }
    /* the forbidden domain code points of the WHATWG URL standard */
    if (octet <= 0x20 || octet == 0x7f || strchr("#/:<>?@[\\]^|%", octet)) {
      return "the host has a character that no host can have";
    }
  }
  return NULL;
}

static bool is_pct_encoded(struct wspec_span text, size_t at) {
  return text.data[at] == '%' && text.len - at > 2 && hex_value(text.data[at + 1]) >= 0 &&
         hex_value(text.data[at + 2]) >= 0;
}

/* RFC 3986 section 3.2.2: reg-name, which has room for dotted IPv4 too. */
static const char *parse_reg_name(struct wspec_span text, char *out, size_t *out_len) {
  for (size_t i = 0; i < text.len; i++) {
    uint8_t octet = text.data[i];
    if (octet >= 0x80) {
      return "the host is not ASCII; write its punycode form (xn--...)";
    }
    if (!wspec_ascii_is_alpha(octet) && !wspec_ascii_is_digit(octet) &&
        !(octet != 0 && strchr("-._~!$&'()*+,;=", octet)) && !is_pct_encoded(text, i)) {
      return "the host has a character that no host can have";
    }
    out[i] = (char)wspec_ascii_lower(octet);
  }
  *out_len = text.len;
  return NULL;
}

const char *wspec_url_host_parse(struct wspec_span text, bool strict, char *out, size_t *out_len,
                                 enum wspec_url_host_kind *kind) {
  *out_len = 0;
  *kind = WSPEC_URL_HOST_DOMAIN;
  if (text.len == 0) {
    return "the URL has no host";
  }
  if (text.data[0] == '[') {
    *kind = WSPEC_URL_HOST_IPV6;
    return parse_ipv6(text, out, out_len);
  }
  if (strict) {
    uint32_t address;
    *kind = read_dotted_decimal(text, &address) ? WSPEC_URL_HOST_IPV4 : WSPEC_URL_HOST_DOMAIN;
    return parse_reg_name(text, out, out_len);
  }
  struct wspec_span domain = decode(text, out);
  const char *sentence = check_domain(domain);
  if (sentence || !ends_in_number(domain)) {
    *out_len = domain.len;
    return sentence;
  }
  char address[WSPEC_URL_HOST_ROOM];
  *kind = WSPEC_URL_HOST_IPV4;
  sentence = parse_ipv4(domain, address, out_len);
  if (!sentence) {
    memcpy(out, address, *out_len);
  }
  return sentence;
}
