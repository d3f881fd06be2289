/* base.c - see base.h. */
#include "kconfig/base.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "kconfig/base_names.h"
#include "kconfig/choices.h"

/* ---- appending ---- */

static void line_done(struct kh_fragment_line *line)
{
	free(line->name);
	free(line->value);
	free(line->why);
	free(line->where);
	kh_strv_done(&line->was);
}

static void copy_line(const struct kh_fragment_line *from, struct kh_fragment_line *to)
{
	*to = *from;
	to->name = kh_strdup(from->name);
	to->value = kh_strdup(from->value);
	to->why = kh_strdup(from->why);
	to->where = kh_strdup(from->where);
	to->was = (struct kh_strv){0};
	kh_strv_copy(&to->was, &from->was);
}

static struct kh_fragment_line *find_line(const struct kh_fragment *fragment, const char *name)
{
	for (size_t i = 0; i < fragment->line_count; i++)
		if (strcmp(fragment->lines[i].name, name) == 0)
			return &fragment->lines[i];
	return NULL;
}

/* The other members of a choice give way. */
static void remove_others(struct kh_fragment *fragment, const struct kh_fragment_line *chosen)
{
	size_t kept = 0;
	for (size_t i = 0; i < fragment->line_count; i++) {
		struct kh_fragment_line *line = &fragment->lines[i];
		if (strcmp(chosen->value, "y") == 0 && strcmp(line->value, "y") == 0 &&
		    kh_choice_is_other(chosen->name, line->name))
			line_done(line);
		else
			fragment->lines[kept++] = *line;
	}
	fragment->line_count = kept;
}

static void append_line(struct kh_fragment *fragment, const struct kh_fragment_line *line)
{
	struct kh_fragment_line *place = find_line(fragment, line->name);
	if (place)
		line_done(place);
	else
		place = kh_append(fragment->lines, fragment->line_count);
	copy_line(line, place);
}

void kh_base_append(struct kh_fragment *fragment, const struct kh_fragment *lines)
{
	for (size_t i = 0; i < lines->line_count; i++) {
		remove_others(fragment, &lines->lines[i]);
		append_line(fragment, &lines->lines[i]);
	}
}

/* ---- what the hosts need ---- */

struct deriving {
	const struct kh_makefiles *makefiles;
	const struct kh_fragment *skeleton; /* may be NULL */
	struct kh_fragment *lines;
	struct kh_strv *unknown;
	struct kh_strv shared; /* modules that several symbols make, and what for, in pairs */
	const char *host;
};

static void put_line(const struct deriving *deriving, const char *symbol, const char *value,
		     bool is_optional, const char *why)
{
	struct kh_fragment_line *line = find_line(deriving->lines, symbol);
	if (line) { /* once needed is needed; y is more than m */
		line->is_optional = line->is_optional && is_optional;
		return;
	}
	line = kh_append(deriving->lines->lines, deriving->lines->line_count);
	line->name = kh_strdup(symbol);
	line->value = kh_strdup(value);
	line->why = kh_strdup(why);
	line->where = kh_printf("host:%s", deriving->host);
	line->is_optional = is_optional;
}

/* What is of no use without something that nothing selects: a screen's driver takes the firmware's
 * screen away, and then shows the console only with this. */
static void put_companion(const struct deriving *deriving, const char *symbol)
{
	static const char companion[] = "DRM_FBDEV_EMULATION";
	if (strcmp(symbol, "DRM") == 0 &&
	    kh_makefiles_type(deriving->makefiles, companion) != KH_SYMBOL_UNKNOWN)
		put_line(deriving, companion, "y", true, "the console on a screen that DRM drives");
}

/* What the symbol stands on comes first. A symbol that is on its way already ends the circle. One
 * without a prompt (a library) comes with those that select it: nothing is gained by asking, and
 * what a device needs is looked at again in the end (cover.h). */
static void put_symbol(const struct deriving *deriving, const char *symbol, bool is_optional,
		       const char *why, struct kh_strv *on_the_way)
{
	enum kh_symbol_type type = kh_makefiles_type(deriving->makefiles, symbol);
	bool is_switch = type == KH_SYMBOL_BOOL || type == KH_SYMBOL_TRISTATE;
	if (!is_switch || !kh_makefiles_has_prompt(deriving->makefiles, symbol) ||
	    kh_strv_has(on_the_way, symbol))
		return;
	kh_strv_add(on_the_way, symbol);
	kh_auto(kh_strv_done) struct kh_strv parents = {0};
	kh_makefiles_parents(deriving->makefiles, symbol, &parents);
	for (size_t i = 0; i < parents.count; i++) {
		kh_auto(kh_free) char *below = kh_printf("%s stands on it", symbol);
		put_symbol(deriving, parents.items[i], true, below, on_the_way);
	}
	put_line(deriving, symbol, type == KH_SYMBOL_BOOL ? "y" : "m", is_optional, why);
	put_companion(deriving, symbol);
}

/* why: "drives pci 8086:10d3". */
static void put_module(struct deriving *deriving, const char *module, bool is_optional,
		       const char *why)
{
	kh_auto(kh_strv_done) struct kh_strv symbols = {0}, on_the_way = {0};
	if (kh_base_is_needless(module))
		return;
	kh_makefiles_symbols(deriving->makefiles, module, &symbols);
	if (symbols.count == 1) {
		put_symbol(deriving, symbols.items[0], is_optional, why, &on_the_way);
	} else if (symbols.count > 1) {
		kh_strv_add(&deriving->shared, module);
		kh_strv_add(&deriving->shared, why);
	} else if (!kh_base_is_always_there(module)) {
		kh_auto(kh_free) char *note = kh_printf("%s (%s)", module, why);
		if (!kh_strv_has(deriving->unknown, note))
			kh_strv_add(deriving->unknown, note);
	}
}

static bool is_asked_for(const struct kh_fragment *fragment, const char *symbol)
{
	const struct kh_fragment_line *line = fragment ? find_line(fragment, symbol) : NULL;
	return line && strcmp(line->value, "n") != 0;
}

/* A library that several drivers link (libahci) comes with the one that is asked for already. Where
 * none is, or where it is two drivers of one name in different corners of the tree, whichever can
 * be had without anything else is asked for; cover.h looks at what came out. */
static void put_shared(const struct deriving *deriving, const char *module, const char *why)
{
	kh_auto(kh_strv_done) struct kh_strv symbols = {0};
	kh_makefiles_symbols(deriving->makefiles, module, &symbols);
	for (size_t i = 0; i < symbols.count; i++)
		if (is_asked_for(deriving->lines, symbols.items[i]) ||
		    is_asked_for(deriving->skeleton, symbols.items[i]))
			return;
	for (size_t i = 0; i < symbols.count; i++) {
		enum kh_symbol_type type = kh_makefiles_type(deriving->makefiles, symbols.items[i]);
		bool is_switch = type == KH_SYMBOL_BOOL || type == KH_SYMBOL_TRISTATE;
		if (is_switch && kh_makefiles_has_prompt(deriving->makefiles, symbols.items[i]))
			put_line(deriving, symbols.items[i], type == KH_SYMBOL_BOOL ? "y" : "m",
				 true, why);
	}
}

static void derive_devices(struct deriving *deriving, const struct kh_hardware *host)
{
	for (size_t i = 0; i < host->device_count; i++) {
		const struct kh_hardware_device *device = &host->devices[i];
		kh_auto(kh_free) char *name = kh_base_device_name(device);
		kh_auto(kh_free) char *why = kh_printf("drives %s", name);
		for (size_t j = 0; j < device->modules.count; j++)
			put_module(deriving, device->modules.items[j], !kh_base_is_strict(device),
				   why);
	}
}

static void derive_filesystems(struct deriving *deriving, const struct kh_hardware *host)
{
	for (size_t i = 0; i < host->filesystems.count; i++) {
		const char *type = host->filesystems.items[i];
		kh_auto(kh_free) char *why = kh_printf("file system %s", type);
		kh_auto(kh_strv_done) struct kh_strv modules = {0};
		kh_base_filesystem_modules(type, &modules);
		for (size_t j = 0; j < modules.count; j++)
			put_module(deriving, modules.items[j], j > 0, why);
	}
	for (size_t i = 0; i < host->root_stack.count; i++)
		put_module(deriving, host->root_stack.items[i], false,
			   "below the root file system");
}

static void derive_host(struct deriving *deriving, const struct kh_hardware *host)
{
	deriving->host = host->host;
	derive_devices(deriving, host);
	derive_filesystems(deriving, host);
	for (size_t i = 0; i < host->modules.count; i++)
		put_module(deriving, host->modules.items[i], true, "loaded module");
	for (size_t i = 0; i < deriving->shared.count; i += 2)
		put_shared(deriving, deriving->shared.items[i], deriving->shared.items[i + 1]);
	kh_strv_done(&deriving->shared);
}

static int derive(struct deriving *deriving, const struct kh_hardware *hosts, size_t host_count,
		  struct kh_error *err)
{
	for (size_t i = 0; i < host_count; i++) {
		if (hosts[i].device_count == 0) {
			kh_fail(err, KH_HOST, 0, "host '%s' shows no devices (/sys/bus)",
				hosts[i].host);
			return kh_hint(err, "set kernel.base to running or defconfig, or give "
					    "the facts of the host in kernel.hosts");
		}
		derive_host(deriving, &hosts[i]);
	}
	return 0;
}

int kh_base_derive(const struct kh_makefiles *makefiles, const struct kh_hardware *hosts,
		   size_t host_count, struct kh_fragment *ret_lines, struct kh_strv *ret_unknown,
		   struct kh_error *err)
{
	kh_auto(kh_fragment_done) struct kh_fragment lines = {0};
	struct deriving deriving = {
		.makefiles = makefiles, .lines = &lines, .unknown = ret_unknown};
	if (derive(&deriving, hosts, host_count, err) != 0)
		return -1;
	*ret_lines = lines;
	lines = (struct kh_fragment){0};
	return 0;
}

/* ---- everything below the operator's fragments ---- */

/* What the distribution decided and its programs rely on. */
static const struct {
	const char *name, *why;
} policy[] = {
	{"LSM", "the distribution starts these security modules, in this order"},
	{"LSM_MMAP_MIN_ADDR", "as the distribution protects low addresses"},
	{"MODULE_SIG_FORCE", "the distribution loads signed modules only"},
	{"SECURITY_SELINUX_CHECKREQPROT_VALUE", "as the distribution's policy expects"},
	{"MAGIC_SYSRQ_DEFAULT_ENABLE", "what SysRq may do until sysctl says otherwise"},
};

static void carry(struct kh_fragment *base, const char *name, const char *value, const char *why)
{
	struct kh_fragment_line *line = find_line(base, name);
	if (line)
		line_done(line);
	else
		line = kh_append(base->lines, base->line_count);
	*line = (struct kh_fragment_line){.name = kh_strdup(name),
					  .value = kh_strdup(value),
					  .why = kh_strdup(why),
					  .where = kh_strdup("running kernel"),
					  .is_optional = true};
}

static void carry_policy(const struct kh_dotconfig *running, const struct kh_makefiles *makefiles,
			 struct kh_fragment *base)
{
	for (size_t i = 0; i < KH_COUNT(policy); i++) {
		const char *value = kh_dotconfig_value(running, policy[i].name);
		if (value && kh_makefiles_type(makefiles, policy[i].name) != KH_SYMBOL_UNKNOWN)
			carry(base, policy[i].name, value, policy[i].why);
	}
}

/* What the skeleton has is not taken down to m, nor switched on where it is off on purpose. */
static void append_missing(struct kh_fragment *base, int version, const struct kh_fragment *derived)
{
	for (size_t i = 0; i < derived->line_count; i++) {
		const struct kh_fragment_line *line = find_line(base, derived->lines[i].name);
		if (!line || !kh_fragment_holds(line, version))
			append_line(base, &derived->lines[i]);
	}
}

int kh_base_make(const struct kh_root *root, const struct kh_makefiles *makefiles, int version,
		 const struct kh_hardware *hosts, size_t host_count,
		 const struct kh_dotconfig *running, struct kh_fragment *ret_base,
		 struct kh_strv *ret_unknown, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_fragment_done) struct kh_fragment base = {0}, derived = {0};
	kh_strv_add(&names, "server");
	kh_strv_add(&names, "drivers");
	struct deriving deriving = {.makefiles = makefiles,
				    .skeleton = &base,
				    .lines = &derived,
				    .unknown = ret_unknown};
	if (kh_fragment_load(root, &names, &base, err) != 0 ||
	    derive(&deriving, hosts, host_count, err) != 0)
		return -1;
	append_missing(&base, version, &derived);
	if (running)
		carry_policy(running, makefiles, &base);
	*ret_base = base;
	base = (struct kh_fragment){0};
	return 0;
}
