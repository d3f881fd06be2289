/* networkd_match.c - see networkd_match.h. */
#include "net/networkd_match.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#include "core/base/mem.h"

/* The patterns of all lines of KEY in [Match]: they add up, an empty line takes back those before
 * it, and a line that begins with "!" has only such as must not fit, which are kept with the sign.
 */
static void gather(const struct kh_ini *ini, const char *key, struct kh_strv *patterns)
{
	for (size_t i = 0; i < ini->line_count; i++) {
		const struct kh_ini_line *line = &ini->lines[i];
		if (!line->key || strcmp(line->section, "Match") != 0 ||
		    strcmp(line->key, key) != 0)
			continue;
		bool is_negated = line->value[0] == '!';
		bool has_quotes = strcmp(key, "Name") != 0; /* there they are part of the name */
		kh_auto(kh_strv_done) struct kh_strv words = {0};
		kh_strv_split(&words, line->value + is_negated, has_quotes ? " \t\"'" : " \t");
		if (!*line->value)
			kh_strv_done(patterns);
		for (size_t w = 0; w < words.count; w++)
			kh_strv_addf(patterns, "%s%s", is_negated ? "!" : "", words.items[w]);
	}
}

/* "AA-BB-CC-DD-EE-FF" and "aabb.ccdd.eeff" are an address as well. */
static bool is_same_address(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, ":-.");
		b += strspn(b, ":-.");
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
	}
}

/* A link that has no such thing (VALUE NULL) fits a list that only says what must not be. Source:
 * systemd, net_condition_test_strv(). */
static bool fits_list(const struct kh_strv *patterns, const char *value, bool is_address)
{
	bool has_wanted = false, has_hit = false;
	for (size_t i = 0; i < patterns->count; i++) {
		bool is_negated = patterns->items[i][0] == '!';
		const char *pattern = patterns->items[i] + is_negated;
		bool is_hit = value && (is_address ? is_same_address(pattern, value)
						   : fnmatch(pattern, value, 0) == 0);
		if (is_hit && is_negated)
			return false;
		has_wanted = has_wanted || !is_negated;
		has_hit = has_hit || is_hit;
	}
	return has_hit || !has_wanted;
}

static const char *type_of(const struct kh_facts_link *link)
{
	switch (link->kind) {
	case KH_LINK_BRIDGE:
		return "bridge";
	case KH_LINK_BOND:
		return "bond";
	case KH_LINK_VLAN:
		return "vlan";
	case KH_LINK_LOOPBACK:
		return "loopback";
	case KH_LINK_PHYSICAL:
	case KH_LINK_OTHER:
		break;
	}
	return link->is_wireless ? "wlan" : "ether";
}

/* NULL: it has none, as cards have none. */
static const char *kind_of(const struct kh_facts_link *link)
{
	bool has_kind = link->kind == KH_LINK_BRIDGE || link->kind == KH_LINK_BOND ||
			link->kind == KH_LINK_VLAN;
	return has_kind ? type_of(link) : NULL;
}

/* As `ethtool -i` says it. */
static const char *driver_of(const struct kh_facts_link *link)
{
	if (link->kind == KH_LINK_BRIDGE)
		return "bridge";
	return link->kind == KH_LINK_BOND ? "bonding" : link->driver;
}

enum verdict { FITS, FITS_NOT, CANNOT_TELL };

/* What is not seen of a link: of virtual ones the driver, of those of other kinds the kind as well,
 * the address that a card has before it gets another, and of a link that is not here (an image) all
 * but the name. */
static bool is_unseen(const struct kh_facts_link *link, const char *key, const char *value)
{
	bool is_card = link->kind == KH_LINK_PHYSICAL;
	if (strcmp(key, "Kind") == 0)
		return link->kind == KH_LINK_OTHER;
	if (kh_str_ends(key, "MACAddress") && is_card && link->mac_type > 0)
		return true;
	return !value && (link->ifindex < 0 || (!is_card && strcmp(key, "Driver") == 0));
}

static enum verdict judge(const struct kh_ini *ini, const char *key,
			  const struct kh_facts_link *link)
{
	const struct {
		const char *key, *value;
		bool is_address;
	} known[] = {
		{"Name", link->name, false},
		{"MACAddress", link->mac, true},
		{"PermanentMACAddress", link->kind == KH_LINK_PHYSICAL ? link->mac : NULL, true},
		{"Type", type_of(link), false},
		{"Kind", kind_of(link), false},
		{"Driver", driver_of(link), false},
	};
	kh_auto(kh_strv_done) struct kh_strv patterns = {0};
	gather(ini, key, &patterns);
	for (size_t i = 0; i < KH_COUNT(known); i++) {
		if (strcmp(key, known[i].key) != 0)
			continue;
		if (patterns.count > 0 && is_unseen(link, key, known[i].value))
			return CANNOT_TELL;
		return fits_list(&patterns, known[i].value, known[i].is_address) ? FITS : FITS_NOT;
	}
	return CANNOT_TELL;
}

/* One condition that fails settles it, whatever the others ask for. */
int kh_networkd_match(const struct kh_ini *ini, const struct kh_facts_link *link, bool is_taken,
		      const char **ret_unknown)
{
	bool has_unknown = false, has_any = false;
	*ret_unknown = NULL;
	for (size_t i = 0; i < ini->line_count; i++) {
		const struct kh_ini_line *line = &ini->lines[i];
		if (!line->key || strcmp(line->section, "Match") != 0)
			continue;
		enum verdict verdict = judge(ini, line->key, link);
		if (is_taken && (verdict == CANNOT_TELL || strcmp(line->key, "Name") == 0))
			verdict = FITS;
		if (verdict == FITS_NOT)
			return 0;
		if (verdict == CANNOT_TELL)
			*ret_unknown = line->key;
		has_unknown = has_unknown || verdict == CANNOT_TELL;
		has_any = true;
	}
	return has_unknown || (!has_any && !is_taken) ? -1 : 1;
}
