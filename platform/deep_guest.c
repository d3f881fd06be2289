/* deep_guest.c - the guest of the deep check: a boot sector, and the domain around it. */
#include <string.h>

#include "core/base/mem.h"
#include "platform/deep.h"

enum { TOKEN_AT = 0x80, SIGNATURE_AT = TOKEN_AT + KH_DEEP_TOKEN_LENGTH + 1, END_AT = 0xad };

/*
 * Assembled from (as --32, .code16, loaded at 0x7c00):
 *
 *	cli; xor %ax,%ax; mov %ax,%ds; mov %ax,%ss; mov $0x7c00,%sp
 *	mov $0x40000000,%eax; cpuid            # the hypervisor's signature in ebx, ecx, edx
 *	mov %ebx,0x7ca1; mov %ecx,0x7ca5; mov %edx,0x7ca9
 *	mov $0x7c80,%si; cld
 * next:	lodsb; test %al,%al; jz done; mov %al,%ah
 *	mov $0x3fd,%dx
 * wait:	in %dx,%al; test $0x20,%al; jz wait    # until the serial port takes another byte
 *	mov $0x3f8,%dx; mov %ah,%al; out %al,%dx; jmp next
 * done:	hlt; jmp done
 *
 * Data: 0x7c80 the token, a space, 0x7ca1 the signature (12 bytes), a newline, a zero byte.
 * Source: Linux Documentation/virt/kvm/x86/cpuid.rst (KVM_CPUID_SIGNATURE), 16550 data sheet (line
 * status register).
 */
static const unsigned char program[] = {
	0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0x66, 0xb8, 0x00,
	0x00, 0x00, 0x40, 0x0f, 0xa2, 0x66, 0x89, 0x1e, 0xa1, 0x7c, 0x66, 0x89, 0x0e,
	0xa5, 0x7c, 0x66, 0x89, 0x16, 0xa9, 0x7c, 0xbe, 0x80, 0x7c, 0xfc, 0xac, 0x84,
	0xc0, 0x74, 0x12, 0x88, 0xc4, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xfb,
	0xba, 0xf8, 0x03, 0x88, 0xe0, 0xee, 0xeb, 0xe9, 0xf4, 0xeb, 0xfd,
};

void kh_deep_image(const char *token, unsigned char ret_image[KH_DEEP_IMAGE_BYTES])
{
	memset(ret_image, 0, KH_DEEP_IMAGE_BYTES);
	memcpy(ret_image, program, sizeof(program));
	memcpy(ret_image + TOKEN_AT, token, KH_DEEP_TOKEN_LENGTH);
	ret_image[SIGNATURE_AT - 1] = ' ';
	ret_image[END_AT] = '\n';
	ret_image[KH_DEEP_IMAGE_BYTES - 2] = 0x55;
	ret_image[KH_DEEP_IMAGE_BYTES - 1] = 0xaa;
}

/* The processor is the plainest one: the host's own, passed through, is more than some KVMs that
 * are guests themselves can give. */
char *kh_deep_domain(const char *name, const char *emulator, const char *directory)
{
	return kh_printf("<domain type='kvm'>\n"
			 "  <name>%s</name>\n"
			 "  <memory unit='MiB'>64</memory>\n"
			 "  <vcpu>1</vcpu>\n"
			 "  <os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os>\n"
			 "  <features><acpi/><apic/></features>\n"
			 "  <on_poweroff>destroy</on_poweroff>\n"
			 "  <on_crash>destroy</on_crash>\n"
			 "  <devices>\n"
			 "    <emulator>%s</emulator>\n"
			 "    <disk type='file' device='disk'>\n"
			 "      <driver name='qemu' type='raw'/>\n"
			 "      <source file='%s/guest.img'/>\n"
			 "      <target dev='sda' bus='sata'/>\n"
			 "    </disk>\n"
			 "    <serial type='file'><source path='%s/serial.log'/></serial>\n"
			 "    <controller type='usb' model='none'/>\n"
			 "    <memballoon model='none'/>\n"
			 "    <video><model type='none'/></video>\n"
			 "  </devices>\n"
			 "</domain>\n",
			 name, emulator, directory, directory);
}

int kh_deep_parse(const char *output, const char *token, char **ret_other)
{
	const char *at = strstr(output, token);
	at = at ? at + strlen(token) : NULL;
	if (!at || !strchr(at, '\n') || *at != ' ')
		return 0;
	if (strncmp(at + 1, "KVMKVMKVM", strlen("KVMKVMKVM")) == 0)
		return 1;
	*ret_other = kh_strndup(at + 1, strcspn(at + 1, "\n"));
	return -1;
}
