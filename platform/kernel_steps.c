/* kernel_steps.c - see kernel_steps.h. */
#include "platform/kernel_steps.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/str.h"

/* MODPOST, two or three times kallsyms, LD, NM, SORTTAB, and the boot directory: 6.1 and 6.12 have
 * 40 to 60 of them, with hardly a difference between configurations. */
enum { STEPS_OF_LINK = 50, STEPS_OF_MODULE = 2 };

static bool is_step(const char *text)
{
	return isupper((unsigned char)text[0]) && isupper((unsigned char)text[1]);
}

/* "echo drivers/virtio/virtio.ko;": ".o" since 6.3. */
static size_t count_modules(const char *line)
{
	static const char before[] = "echo ";
	size_t count = 0;
	/* What comes after the file is the command once more, for the record of it. */
	const char *end = strstr(line, "> ");
	for (const char *at = strstr(line, before); at && (!end || at < end);
	     at = strstr(at, before)) {
		at += sizeof(before) - 1;
		size_t length = strcspn(at, "; ");
		bool is_object = length > 2 && strncmp(at + length - 2, ".o", 2) == 0;
		bool is_module = length > 3 && strncmp(at + length - 3, ".ko", 3) == 0;
		count += at[length] == ';' && (is_object || is_module);
	}
	return count;
}

void kh_kernel_steps_take(void *data, const char *line)
{
	static const char said[] = "echo '  ";
	struct kh_kernel_steps *steps = data;
	const char *at = strstr(line, said);
	if (at && is_step(at + sizeof(said) - 1))
		steps->seen++;
	else if (strstr(line, "modules.order"))
		steps->modules += count_modules(line);
}

size_t kh_kernel_steps_total(const struct kh_kernel_steps *steps)
{
	if (steps->seen == 0)
		return 0;
	return steps->seen + STEPS_OF_MODULE * steps->modules + STEPS_OF_LINK;
}
