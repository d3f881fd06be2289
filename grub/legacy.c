/* legacy.c - see legacy.h. */
#include "grub/legacy.h"

#include <string.h>

#include "core/base/mem.h"

/* Is this line (blanks before it allowed) that command? Legacy also allows "default=0". */
static bool is_command(const char *line, const char *name)
{
	line += strspn(line, " \t");
	size_t length = strlen(name);
	return strncmp(line, name, length) == 0 &&
	       (line[length] == ' ' || line[length] == '\t' || line[length] == '=');
}

static char *argument(const char *line)
{
	line += strspn(line, " \t");
	line += strcspn(line, " \t=");
	kh_auto(kh_free) char *rest = kh_strdup(line + (*line != '\0'));
	return kh_strdup(kh_str_trim(rest));
}

/* Where the arguments begin on a kernel line: behind the options of the command and the kernel's
 * name. Source: GRUB 0.97 manual, "kernel" (--type=, --no-mem-option). */
static size_t arguments_at(const char *line, size_t *ret_kernel, size_t *ret_length)
{
	size_t at = strspn(line, " \t");
	at += strcspn(line + at, " \t=");
	at += strspn(line + at, " \t=");
	while (strncmp(line + at, "--", 2) == 0) {
		at += strcspn(line + at, " \t");
		at += strspn(line + at, " \t");
	}
	*ret_kernel = at;
	*ret_length = strcspn(line + at, " \t");
	at += *ret_length;
	return at + strspn(line + at, " \t");
}

static void read_kernel(struct kh_boot_entry *entry, const char *line, int number)
{
	size_t kernel = 0, length = 0;
	size_t at = arguments_at(line, &kernel, &length);
	kh_auto(kh_free) char *rest = kh_strdup(line + at);
	entry->kernel = kh_strndup(line + kernel, length);
	entry->arguments = kh_strdup(kh_str_trim(rest));
	entry->line = number;
}

/* Is the "kernel" a hypervisor (or another multiboot system), its arguments not Linux's? */
static bool has_module(const char *text, const struct kh_boot_entry *entry)
{
	for (size_t at = entry->start; at < entry->end; at += strcspn(text + at, "\n") + 1)
		if (is_command(text + at, "module"))
			return true;
	return false;
}

static void end_entry(struct kh_boot_entries *entries, const char *text, size_t end)
{
	if (entries->count == 0)
		return;
	struct kh_boot_entry *entry = &entries->items[entries->count - 1];
	entry->end = end;
	entry->kind = has_module(text, entry) ? KH_ENTRY_OTHER : kh_boot_entry_classify(entry);
}

void kh_legacy_parse(const char *text, const char *file, struct kh_boot_entries *ret_entries)
{
	long long chosen = 0;
	int number = 1;
	*ret_entries = (struct kh_boot_entries){0};
	for (size_t at = 0; text[at]; number++) {
		size_t length = strcspn(text + at, "\n");
		kh_auto(kh_free) char *line = kh_strndup(text + at, length);
		struct kh_boot_entry *last =
			ret_entries->count ? &ret_entries->items[ret_entries->count - 1] : NULL;
		if (is_command(line, "title")) {
			end_entry(ret_entries, text, at);
			struct kh_boot_entry *entry = kh_boot_entries_add(ret_entries, file);
			entry->title = argument(line);
			entry->position = kh_printf("%zu", ret_entries->count - 1);
			entry->start = at;
		} else if (last && !last->kernel && is_command(line, "kernel")) {
			read_kernel(last, line, number);
		} else if (!last && is_command(line, "default")) {
			kh_auto(kh_free) char *value = argument(line);
			chosen = kh_str_number(value) >= 0 ? kh_str_number(value) : 0;
		}
		at += length + (text[at + length] == '\n');
	}
	end_entry(ret_entries, text, strlen(text));
	ret_entries->default_at =
		(size_t)chosen < ret_entries->count ? (size_t)chosen : ret_entries->count;
}

/* The entry's text with other arguments (and title, unless NULL). */
static char *rewrite(const char *text, const struct kh_boot_entry *entry, const char *title,
		     const char *arguments)
{
	struct kh_str out = {0};
	bool is_done = false;
	for (size_t at = entry->start; at < entry->end;) {
		size_t length = strcspn(text + at, "\n");
		size_t whole = length + (text[at + length] == '\n');
		kh_auto(kh_free) char *line = kh_strndup(text + at, length);
		if (!is_done && is_command(line, "kernel")) {
			size_t kernel = 0, name = 0;
			size_t head = arguments_at(line, &kernel, &name);
			bool is_bare = head == kernel + name;
			kh_str_addf(&out, "%.*s%s%s%s", (int)head, line, is_bare ? " " : "",
				    arguments, whole > length ? "\n" : "");
			is_done = true;
		} else if (title && is_command(line, "title")) {
			kh_str_addf(&out, "title %s%s", title, whole > length ? "\n" : "");
		} else {
			kh_str_add_bytes(&out, text + at, whole);
		}
		at += whole;
	}
	return kh_str_take(&out);
}

char *kh_legacy_set_arguments(const char *text, const struct kh_boot_entry *entry,
			      const char *arguments)
{
	kh_auto(kh_free) char *block = rewrite(text, entry, NULL, arguments);
	return kh_printf("%.*s%s%s", (int)entry->start, text, block, text + entry->end);
}

char *kh_legacy_add_copy(const char *text, const struct kh_boot_entry *entry, const char *title,
			 const char *arguments)
{
	kh_auto(kh_free) char *block = rewrite(text, entry, title, arguments);
	size_t length = strlen(text), last = strlen(block);
	return kh_printf("%s%s%s%s", text, length && text[length - 1] != '\n' ? "\n" : "", block,
			 last && block[last - 1] != '\n' ? "\n" : "");
}
