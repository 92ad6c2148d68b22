; The sandbox guest: an option ROM that writes and reads two disks, gently, for ever.
;
; Built by:  nasm -f bin -o guest.rom guest.asm     (tests/sandbox/test_guest_rom.py holds source and binary together)
; Started by QEMU's -option-rom: SeaBIOS offers it as a thing to boot from (a boot entry vector), so the guest needs no
; sector of any disk. It drives the first two virtio-blk devices of PCI bus 0 itself, over their legacy registers (virtio 1.2,
; 4.1.4.8 and 2.7.2): the BIOS' INT 13h burns the processor while it waits, and turns the disks' write caches off.
; It survives snapshot, commit, stream, mirror, stop and cont, migration and system_reset.
;
; What it does. A clock ticks 145.65 times a second; between ticks the guest sleeps in HLT. At each tick it collects what
; the disks have done and sends each disk RATE / 145.65 new operations, a write and a read in turn, at most OPS under way.
; A disk is seen as SLOTS places, evenly spread over its first three quarters; slot k takes 4 KiB << (k mod 5), so that
; at most 24 MiB of a disk are ever written. Writes fall on a group of HOT slots that moves on by one slot after STAY
; writes: an overlay grows by some MiB at once, then slowly. Reads fall on any slot.
;
; Each write fills its slot with a number that no other write has. A slot that is read must hold the number last
; written to it since this boot; if not, bytes were lost or mixed up on the way, and the guest says so.
;
; The line (COM1). Guest to host: '?' I know no rate, tell me (after each boot, twice a second until told); '!' a slot held
; other bytes than were written; 'E' a read or write failed.
; Host to guest: "=N\n", N decimal: N operations a second for each disk from now on; 0 rests; more than 500 means 500.

        bits    16
        cpu     486
        org     0

SIZE    equ     1536            ; of this ROM, bytes; a multiple of 512
SLOTS   equ     384
HOT     equ     32              ; a power of two
STAY    equ     16
OPS     equ     4               ; under way at once on a disk
MOST    equ     500             ; operations a second and disk
DIVISOR equ     8192            ; of the 1193182 Hz clock
HERTZ10 equ     1457            ; ticks in ten seconds
COM1    equ     3F8h
BUFFERS equ     1000h           ; segment of the first of 2 * OPS buffers of 64 KiB
RING_A  equ     2000h           ; the virtqueues: 12 KiB hold a legacy one of 256 entries; page-aligned
RING_B  equ     5000h
RAM_END equ     8000h           ; above, to 10000h: the stack

        struc   disk
.port   resw    1               ; legacy registers; 0: no such disk
.ring   resw    1               ; the descriptors; four for each operation, the fourth unused
.avail  resw    1
.used   resw    1
.mask   resw    1               ; entries - 1
.sent   resw    1               ; index of the next entry of the available ring
.seen   resw    1               ; index of the next entry of the used ring
.fresh  resw    1               ; not 0: the device has not been told of all that was sent
.stride resw    1               ; sectors from slot to slot
.base   resw    1               ; first hot slot
.stay   resw    1               ; writes since the base moved
.turn   resw    1               ; odd: the next operation reads
.marks  resw    1               ; the numbers expected in the slots, a dword each; 0: not known
.ops    resw    1
        endstruc

        struc   op              ; begins as virtio_blk_outhdr
.type   resd    1               ; 0 read, 1 write
        resd    1
.sector resq    1
.status resb    1               ; written by the device; 0 done
.pad    resb    1
.mark   resw    1               ; offset of the slot's number; 0: this operation is idle
.dwords resw    1
.number resd    1               ; written, or expected; 0: not known
.buffer resw    1               ; segment
        alignb  32
        endstruc

        absolute 600h           ; segment 0 holds all but the buffers: DS, SS are always 0
first:
ticks   resd    1
last    resd    1               ; ticks when last looked at
seed    resd    1
serial  resd    1               ; number of the last write
rate10  resw    1               ; operations a second and disk, times ten
debt    resw    1               ; operations owed, times HERTZ10
number  resw    1               ; decimal being heard
hearing resb    1               ; 1: between '=' and line feed
told    resb    1               ; 1: a rate was heard since boot
patience resb   1               ; ticks until the next '?'
        alignb  16
vda     resb    disk_size
vdb     resb    disk_size
        alignb  16
ops_a   resb    op_size * OPS
ops_b   resb    op_size * OPS
marks_a resd    SLOTS
marks_b resd    SLOTS

        section .text
        db      55h, 0AAh, SIZE / 512
        mov     ax, 20h                 ; initialised, a device is there
        retf
        times   18h - ($ - $$) db 0
        dw      0                       ; no PCI header
        dw      pnp
        align   16, db 0
pnp:    db      "$PnP", 1, 2            ; Plug and Play BIOS specification 1.0A, 3.2
        dw      0
        db      0
        db      PNP_SUM
        dd      0
        dw      maker, product
        db      1, 80h, 0               ; mass storage
        db      14h                     ; may be booted from
        dw      0, 0, boot, 0, 0
maker:  db      "Disk Chain", 0
product: db     "Disk Chain sandbox guest", 0

boot:   cli
        cld
        xor     ax, ax
        mov     ss, ax
        mov     sp, 0FFF0h
        mov     ds, ax
        mov     es, ax
        mov     di, first
        mov     cx, RAM_END - first
        rep     stosb

        mov     word [vda + disk.ring], RING_A
        mov     word [vda + disk.marks], marks_a
        mov     word [vda + disk.ops], ops_a
        mov     word [vdb + disk.ring], RING_B
        mov     word [vdb + disk.marks], marks_b
        mov     word [vdb + disk.ops], ops_b
        mov     si, ops_a
        mov     ax, BUFFERS
.each:  mov     [si + op.buffer], ax
        add     ax, 1000h
        add     si, op_size
        cmp     si, ops_a + 2 * OPS * op_size
        jb      .each

        mov     dx, COM1 + 3            ; the line: divisor 1, 8N1, buffers on and empty, no interrupts
        mov     al, 80h
        out     dx, al
        mov     dx, COM1
        mov     al, 1
        out     dx, al
        inc     dx
        xor     al, al
        out     dx, al
        mov     dx, COM1 + 3
        mov     al, 3
        out     dx, al
        mov     dx, COM1 + 2
        mov     al, 7
        out     dx, al
        mov     dx, COM1 + 4
        mov     al, 3
        out     dx, al

        mov     word [8 * 4], tick      ; the clock, and no other interrupt
        mov     [8 * 4 + 2], cs
        mov     al, 0FEh
        out     21h, al
        mov     al, 0FFh
        out     0A1h, al
        mov     al, 34h
        out     43h, al
        mov     al, DIVISOR & 255
        out     40h, al
        mov     al, DIVISOR >> 8
        out     40h, al

        mov     bx, vda                 ; the first two virtio-blk of bus 0
        mov     ecx, 80000000h
.scan:  mov     eax, ecx
        call    pci
        cmp     eax, 10011AF4h          ; transitional virtio-blk
        jne     .next
        call    found
        add     bx, disk_size
        cmp     bx, vdb
        ja      .ready
.next:  add     ecx, 800h
        test    ecx, 10000h
        jz      .scan
.ready: sti

rest:   hlt
        call    hear
        mov     bx, vda
        call    collect
        mov     bx, vdb
        call    collect
        mov     eax, [ticks]
        mov     edx, eax
        sub     eax, [last]
        jz      rest
        mov     [last], edx
        cmp     eax, 4                  ; after a pause nothing is made up for
        jbe     .due
        mov     ax, 4
.due:   mul     word [rate10]
        add     [debt], ax
        cmp     byte [told], 0
        jne     .work
        dec     byte [patience]
        jns     rest
        mov     byte [patience], 73
        mov     al, '?'
        call    say
        jmp     rest
.work:  cmp     word [debt], HERTZ10
        jb      .kick
        sub     word [debt], HERTZ10
        mov     bx, vda
        call    act
        mov     bx, vdb
        call    act
        jmp     .work
.kick:  mov     bx, vda
        call    kick
        mov     bx, vdb
        call    kick
        jmp     rest

tick:   push    ax
        inc     dword [ticks]
        mov     al, 20h
        out     20h, al
        pop     ax
        iret

; EAX = the dword of PCI configuration space at EAX. Changes DX.
pci:    mov     dx, 0CF8h
        out     dx, eax
        mov     dl, 0FCh
        in      eax, dx
        ret

; Takes the device whose configuration space begins at ECX for disk BX. Keeps BX and ECX.
found:  lea     eax, [ecx + 4]          ; answer to its registers, let it reach memory
        call    pci
        or      al, 5
        out     dx, eax
        lea     eax, [ecx + 10h]
        call    pci
        and     ax, 0FFFCh
        jz      .done
        mov     [bx + disk.port], ax
        mov     si, ax
        lea     dx, [si + 12h]          ; forget what the BIOS set up, then: seen, with a driver
        xor     al, al
        out     dx, al
        mov     al, 3
        out     dx, al
        mov     dx, si                  ; of all features only flush: without it QEMU turns the write cache off
        in      eax, dx
        and     eax, 200h
        lea     dx, [si + 4]
        out     dx, eax
        lea     dx, [si + 0Eh]
        xor     ax, ax
        out     dx, ax
        lea     dx, [si + 0Ch]
        in      ax, dx
        mov     di, ax                  ; entries
        dec     ax
        mov     [bx + disk.mask], ax
        shl     di, 4
        add     di, [bx + disk.ring]
        mov     [bx + disk.avail], di
        mov     word [di], 1            ; no interrupts, please
        lea     di, [eax * 2 + 8]
        add     di, [bx + disk.avail]
        add     di, 4095
        and     di, 0F000h
        mov     [bx + disk.used], di
        movzx   eax, word [bx + disk.ring]
        shr     eax, 12
        lea     dx, [si + 8]
        out     dx, eax
        lea     dx, [si + 12h]
        mov     al, 7
        out     dx, al
        lea     dx, [si + 14h]          ; sectors; / 512, down to 64 KiB: from slot to slot
        in      eax, dx
        shr     eax, 9
        and     ax, 0FF80h
        mov     [bx + disk.stride], ax
.done:  ret

; Sends disk BX one operation, if it has room for one. A write needs a free slot, too: else this turn is let go.
act:    cmp     word [bx + disk.port], 0
        je      .done
        mov     si, [bx + disk.ops]
        xor     bp, bp                  ; first descriptor of the operation at SI
.room:  cmp     word [si + op.mark], 0
        je      .free
        add     si, op_size
        add     bp, 4
        cmp     bp, OPS * 4
        jb      .room
.done:  ret
.free:  inc     word [bx + disk.turn]
        imul    eax, [seed], 1664525    ; a fixed sequence that looks like chance (Numerical Recipes' congruence)
        add     eax, 1013904223
        mov     [seed], eax
        shr     eax, 16
        mov     dword [si + op.type], 0
        test    byte [bx + disk.turn], 1
        jz      .slot
        mov     byte [si + op.type], 1
        inc     word [bx + disk.stay]
        cmp     word [bx + disk.stay], STAY
        jb      .hot
        mov     word [bx + disk.stay], 0
        inc     word [bx + disk.base]
.hot:   and     ax, HOT - 1
        add     ax, [bx + disk.base]
.slot:  xor     dx, dx
        mov     cx, SLOTS
        div     cx                      ; DX = the slot
        mov     di, dx
        shl     di, 2
        add     di, [bx + disk.marks]
        push    si
        mov     si, [bx + disk.ops]     ; two operations under way on one slot could not be checked
        mov     cx, OPS
.other: cmp     [si + op.mark], di
        je      .taken
        add     si, op_size
        loop    .other
        pop     si
        mov     [si + op.mark], di
        mov     cx, dx
        mov     ax, dx
        mul     word [bx + disk.stride]
        mov     [si + op.sector], ax
        mov     [si + op.sector + 2], dx
        mov     ax, cx
        xor     dx, dx
        mov     cx, 5
        div     cx
        mov     cx, dx
        mov     ax, 1024
        shl     ax, cl
        mov     [si + op.dwords], ax
        mov     byte [si + op.status], 255
        mov     eax, [di]
        cmp     byte [si + op.type], 0
        je      .known
        mov     dword [di], 0           ; not known until the write has succeeded
        inc     dword [serial]
        mov     eax, [serial]
        mov     cx, [si + op.dwords]
        mov     es, [si + op.buffer]
        xor     di, di
        rep     stosd
.known: mov     [si + op.number], eax

        mov     di, bp                  ; three descriptors: header, data, status
        shl     di, 4
        add     di, [bx + disk.ring]
        movzx   eax, si
        mov     [di], eax
        mov     dword [di + 8], 16
        mov     word [di + 12], 1       ; goes on
        lea     cx, [bp + 1]
        mov     [di + 14], cx
        add     ax, op.status
        mov     [di + 32], eax
        mov     dword [di + 40], 1
        mov     word [di + 44], 2       ; the device writes
        inc     cx
        mov     [di + 30], cx
        movzx   eax, word [si + op.buffer]
        shl     eax, 4
        mov     [di + 16], eax
        movzx   eax, word [si + op.dwords]
        shl     eax, 2
        mov     [di + 24], eax
        mov     ax, 3
        sub     al, [si + op.type]
        sub     al, [si + op.type]
        mov     [di + 28], ax           ; goes on; into memory, for a read

        mov     di, [bx + disk.sent]
        and     di, [bx + disk.mask]
        shl     di, 1
        add     di, [bx + disk.avail]
        mov     [di + 4], bp
        inc     word [bx + disk.sent]
        mov     ax, [bx + disk.sent]
        mov     di, [bx + disk.avail]
        mov     [di + 2], ax
        mov     byte [bx + disk.fresh], 1
        ret
.taken: pop     si
        ret

; Tells disk BX of what was sent.
kick:   cmp     byte [bx + disk.fresh], 0
        je      .done
        mov     byte [bx + disk.fresh], 0
        mov     dx, [bx + disk.port]
        add     dx, 10h
        xor     ax, ax
        out     dx, ax
.done:  ret

; Takes back what disk BX has done, and looks at it.
collect:
        mov     di, [bx + disk.used]    ; 0 where there is no disk: the word at 2 is then half of an interrupt vector
        test    di, di
        jz      .done
        mov     ax, [bx + disk.seen]
        cmp     ax, [di + 2]
        je      .done
        inc     word [bx + disk.seen]
        and     ax, [bx + disk.mask]
        shl     ax, 3
        add     di, ax
        mov     si, [di + 4]            ; the first of its four descriptors
        shl     si, 3                   ; 32 bytes an operation
        add     si, [bx + disk.ops]
        mov     di, [si + op.mark]
        mov     word [si + op.mark], 0
        cmp     byte [si + op.status], 0
        jne     .failed
        mov     eax, [si + op.number]
        cmp     byte [si + op.type], 0
        je      .read
        mov     [di], eax
        jmp     collect
.read:  test    eax, eax
        jz      collect
        push    di
        mov     cx, [si + op.dwords]
        mov     es, [si + op.buffer]
        xor     di, di
        repe    scasd
        pop     di
        je      collect
        mov     dword [di], 0           ; said once
        mov     al, '!'
        call    say
        jmp     collect
.failed:
        mov     al, 'E'
        call    say
        jmp     collect
.done:  ret

; Sends AL; gives up on a line that takes nothing. Changes AX, CX and DX.
say:    mov     ah, al
        mov     cx, 1000
        mov     dx, COM1 + 5
.wait:  in      al, dx
        test    al, 20h
        loopz   .wait
        jz      .lost
        mov     dx, COM1
        mov     al, ah
        out     dx, al
.lost:  ret

; Takes what the line holds.
hear:   mov     dx, COM1 + 5
        in      al, dx
        test    al, 1
        jz      .done
        mov     dx, COM1
        in      al, dx
        cmp     al, '='
        je      .first
        cmp     byte [hearing], 0
        je      hear
        cmp     al, 10
        je      .last
        sub     al, '0'
        cmp     al, 9
        ja      .spoilt
        movzx   cx, al
        mov     ax, 10
        mul     word [number]
        add     ax, cx
        cmp     ax, MOST
        jbe     .fits
        mov     ax, MOST
.fits:  mov     [number], ax
        jmp     hear
.first: mov     word [number], 0
        mov     byte [hearing], 1
        jmp     hear
.last:  mov     ax, 10
        mul     word [number]
        mov     [rate10], ax
        mov     word [debt], 0
        mov     byte [told], 1
.spoilt: mov    byte [hearing], 0
        jmp     hear
.done:  ret

; Two bytes that make the sums right (modulo 256): of the PnP header, and of the whole ROM. The test tells their values.
PNP_SUM equ     0x47
ROM_SUM equ     0x19
        times   SIZE - 1 - ($ - $$) db 0
        db      ROM_SUM
