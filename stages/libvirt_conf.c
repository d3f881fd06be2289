/* libvirt_conf.c - /etc/libvirt: three values of qemu.conf, and what libvirt ships for the start.
 *
 * Files that libvirt or its users change are put once, when libvirt is first installed, and then
 * left alone: its filters, the default network and pool. Those it would add an identifier to get
 * one, so that undo finds them as they were written. The other files of /etc/libvirt only have
 * comments as shipped: they stay in PREFIX/share/libvirt/initial, to be looked up.
 */
#include <string.h>

#include "core/base/digest.h"
#include "core/base/mem.h"
#include "core/template.h"
#include "platform/libvirt_build.h"
#include "stages/libvirt.h"

static const char qemu_conf[] = "/etc/libvirt/qemu.conf";

/* ---- one value of a configuration file ---- */

/* Does this line (without leading blanks and '#') set NAME? Returns the value's start, or NULL. */
static const char *value_of(const char *line, const char *name)
{
	size_t length = strlen(name);
	line += strspn(line, " \t");
	if (strncmp(line, name, length) != 0)
		return NULL;
	line += length;
	line += strspn(line, " \t");
	if (*line != '=')
		return NULL;
	line++;
	return line + strspn(line, " \t");
}

static char *unquoted(const char *value)
{
	if (*value == '"' || *value == '\'')
		return kh_strndup(value + 1, strcspn(value + 1, *value == '"' ? "\"" : "'"));
	char *text = kh_strndup(value, strcspn(value, "#"));
	size_t length = strlen(text);
	while (length > 0 && strchr(" \t\r", text[length - 1]))
		text[--length] = '\0';
	return text;
}

char *kh_libvirt_conf_get(const char *text, const char *name, int *ret_line)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		const char *value = value_of(lines.items[i], name);
		if (!value)
			continue;
		if (ret_line)
			*ret_line = (int)i + 1;
		return unquoted(value);
	}
	return NULL;
}

char *kh_libvirt_conf_set(const char *text, const char *name, const char *value)
{
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_free) char *line = kh_printf("%s = \"%s\"", name, value);
	size_t set = 0, shown = 0; /* numbers from 1 */
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		if (!set && value_of(lines.items[i], name))
			set = i + 1;
		const char *comment = lines.items[i] + strspn(lines.items[i], " \t#");
		if (comment > lines.items[i] && value_of(comment, name))
			shown = i + 1;
	}
	if (set)
		kh_strv_remove(&lines, set - 1);
	kh_strv_insert(&lines, set ? set - 1 : shown ? shown : lines.count, line);
	kh_strv_add(&lines, "");
	return kh_strv_join(&lines, "\n");
}

/* ---- qemu.conf ---- */

/* As it is on the host; else a short one of our own: libvirt's has a thousand lines of comments. */
static int qemu_conf_text(const struct kh_context *context, const struct kh_libvirt *libvirt,
			  char **ret_text, struct kh_error *err)
{
	kh_auto(kh_free) char *initial = kh_libvirt_initial(libvirt->prefix);
	const struct kh_template_value values[] = {
		{"INITIAL", initial},
		{"VNC_LISTEN", context->config->libvirt.qemu_conf.vnc_listen},
		{"USER", libvirt->user},
		{"GROUP", libvirt->group},
		{NULL, NULL}};
	*ret_text = kh_root_text(context->root, qemu_conf);
	return *ret_text ? 0
			 : kh_template_fill(context->root, "etc/libvirt/qemu.conf.in", values,
					    ret_text, err);
}

static int plan_qemu_conf(const struct kh_context *context, struct kh_plan *plan,
			  const struct kh_libvirt *libvirt, struct kh_error *err)
{
	const struct {
		const char *name, *value;
	} wanted[] = {
		{"vnc_listen", context->config->libvirt.qemu_conf.vnc_listen},
		{"user", libvirt->user},
		{"group", libvirt->group},
	};
	char *text = NULL;
	if (qemu_conf_text(context, libvirt, &text, err) != 0)
		return -1;
	for (size_t i = 0; i < KH_COUNT(wanted); i++) {
		kh_auto(kh_free) char *old = text;
		kh_auto(kh_free) char *now = kh_libvirt_conf_get(text, wanted[i].name, NULL);
		bool is_set = now && strcmp(now, wanted[i].value) == 0;
		text = is_set ? kh_strdup(text)
			      : kh_libvirt_conf_set(text, wanted[i].name, wanted[i].value);
	}
	kh_auto(kh_free) char *new_text = text;
	return kh_plan_put_file(plan, qemu_conf, new_text, 0,
				"whom guests run as, and who can see their consoles", err);
}

/* ---- what libvirt ships ---- */

char *kh_libvirt_uuid(const struct kh_root *root, const char *name)
{
	char hex[KH_DIGEST_SIZE];
	kh_auto(kh_free) char *machine = kh_root_line(root, "/etc/machine-id");
	kh_auto(kh_free) char *text = kh_printf("%s %s", machine ? machine : "", name);
	kh_digest_bytes(text, strlen(text), hex);
	/* Version 4, variant 1 as of RFC 9562, section 4. */
	return kh_printf("%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15, hex + 18);
}

/* XML with a uuid as the first element of the root element that has none. */
static char *with_uuid(const struct kh_root *root, const char *text, const char *element,
		       const char *name)
{
	kh_auto(kh_free) char *start = kh_printf("<%s", element);
	const char *open = strstr(text, start);
	const char *end = open ? strchr(open, '>') : NULL;
	if (!end || end[-1] == '/' || strstr(text, "<uuid>"))
		return kh_strdup(text);
	kh_auto(kh_free) char *uuid = kh_libvirt_uuid(root, name);
	return kh_printf("%.*s\n  <uuid>%s</uuid>%s", (int)(end + 1 - text), text, uuid, end + 1);
}

/* Put FROM/NAME of what libvirt ships to TO/NAME, unless there is something already. */
static int put_once(const struct kh_context *context, struct kh_plan *plan, const char *from,
		    const char *to, const char *name, struct kh_error *err)
{
	kh_auto(kh_free) char *source = kh_printf("%s/%s", from, name);
	kh_auto(kh_free) char *path = kh_printf("%s/%s", to, name);
	kh_auto(kh_free) char *text = kh_root_text(context->root, source);
	if (!text || kh_root_exists(context->root, path))
		return 0;
	kh_auto(kh_free) char *whole = with_uuid(context->root, text, "filter", name);
	return kh_plan_put_file(plan, path, whole, 0600, "libvirt ships this filter", err);
}

static int put_filters(const struct kh_context *context, struct kh_plan *plan, const char *from,
		       const char *to, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_root_list(context->root, from, &names);
	for (size_t i = 0; i < names.count; i++)
		if (kh_str_ends(names.items[i], ".xml") &&
		    put_once(context, plan, from, to, names.items[i], err) != 0)
			return -1;
	return 0;
}

/* ---- the default network and pool ---- */

static bool is_taken(const struct kh_context *context, const char *start)
{
	const struct kh_facts_net *net = &context->facts->net;
	for (size_t i = 0; i < net->link_count; i++)
		for (size_t j = 0; j < net->links[i].addresses.count; j++)
			if (kh_str_starts(net->links[i].addresses.items[j], start))
				return true;
	return false;
}

/* libvirt's 192.168.122, unless this host is in it (it is a guest itself): then the next free. */
static char *pick_network(const struct kh_context *context)
{
	for (int third = 122; third < 255; third++) {
		kh_auto(kh_free) char *start = kh_printf("192.168.%d.", third);
		if (!is_taken(context, start))
			return kh_printf("192.168.%d", third);
	}
	return kh_strdup("192.168.122");
}

static int put_template(const struct kh_context *context, struct kh_plan *plan, const char *path,
			const char *why, struct kh_error *err)
{
	kh_auto(kh_free) char *source = kh_printf("%s.in", path + 1);
	kh_auto(kh_free) char *network = pick_network(context);
	kh_auto(kh_free) char *uuid = kh_libvirt_uuid(context->root, path);
	kh_auto(kh_free) char *text = NULL;
	kh_auto(kh_free) char *mac = kh_printf("52:54:00:%.2s:%.2s:%.2s", uuid, uuid + 2, uuid + 4);
	const struct kh_template_value values[] = {
		{"UUID", uuid}, {"NETWORK", network}, {"MAC", mac}, {NULL, NULL}};
	if (kh_root_exists(context->root, path))
		return 0;
	if (kh_template_fill(context->root, source, values, &text, err) != 0)
		return -1;
	return kh_plan_put_file(plan, path, text, 0600, why, err);
}

/* Started at boot by a link beside it, as `virsh net-autostart` makes it. */
static int put_started(const struct kh_context *context, struct kh_plan *plan, const char *parent,
		       const char *why, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/default.xml", parent);
	kh_auto(kh_free) char *link = kh_printf("%s/autostart/default.xml", parent);
	if (put_template(context, plan, path, why, err) != 0)
		return -1;
	return kh_plan_link(plan, link, path, why, err);
}

static int plan_initial(const struct kh_context *context, struct kh_plan *plan, const char *initial,
			struct kh_error *err)
{
	kh_auto(kh_free) char *filters = kh_printf("%s/nwfilter", initial);
	if (put_filters(context, plan, filters, "/etc/libvirt/nwfilter", err) != 0)
		return -1;
	if (put_started(context, plan, "/etc/libvirt/qemu/networks", "the default network", err) !=
	    0)
		return -1;
	if (kh_plan_make_dir(plan, "/var/log/libvirt", 0755, "libvirt's own logs", err) != 0)
		return -1;
	if (kh_plan_make_dir(plan, "/var/lib/libvirt/images", 0711, "the default pool", err) != 0)
		return -1;
	return put_started(context, plan, "/etc/libvirt/storage", "the default pool", err);
}

int kh_libvirt_plan_conf(const struct kh_context *context, struct kh_plan *plan,
			 const struct kh_libvirt *libvirt, struct kh_error *err)
{
	kh_auto(kh_free) char *inside = kh_libvirt_initial(libvirt->prefix);
	kh_auto(kh_free) char *initial = kh_printf("%s%s", libvirt->artifact->tree, inside);
	if (libvirt->is_first && plan_initial(context, plan, initial, err) != 0)
		return -1;
	return plan_qemu_conf(context, plan, libvirt, err);
}
