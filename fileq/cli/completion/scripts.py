"""The scripts that make shells ask fileq at a TAB."""

BASH = r"""# fileq's completion for Bash. Into ~/.bashrc: eval "$(fileq completion bash)"
_fileq() {
    local current=${COMP_WORDS[COMP_CWORD]} paths word line
    local -a words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ -z $paths ]]; then
            paths=$line
        else
            word=${line%%$'\t'*}
            case $word in
                -*=|*=) compopt -o nospace 2>/dev/null ;;
            esac
            COMPREPLY+=("$word")
        fi
    done < <(_FILEQ_COMPLETE=bash "${COMP_WORDS[0]}" "${words[@]}" 2>/dev/null)
    [[ $current == "=" ]] && current=""
    case $paths in
        files) compopt -o filenames -o default 2>/dev/null ;;
        folders) compopt -o filenames -o dirnames 2>/dev/null ;;
    esac
    if [[ $paths == files || $paths == folders ]] && [[ $current != *[\'\"\\]* ]]; then
        local option=-f
        [[ $paths == folders ]] && option=-d
        while IFS= read -r line; do
            COMPREPLY+=("$line")
        done < <(compgen "$option" -- "$current")
    fi
}
complete -F _fileq fileq
"""

ZSH = r"""#compdef fileq
# fileq's completion for Zsh. Into ~/.zshrc: eval "$(fileq completion zsh)"
_fileq() {
    local -a answer found
    local line word about
    answer=("${(@f)$(_FILEQ_COMPLETE=zsh "$words[1]" "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    for line in "${(@)answer[2,-1]}"; do
        word=${line%%$'\t'*}
        about=${line#*$'\t'}
        found+=("${word//:/\\:}${about:+:$about}")
    done
    (( $#found )) && _describe fileq found
    case $answer[1] in
        files) _files ;;
        folders) _files -/ ;;
    esac
}
if [[ $funcstack[1] == _fileq ]]; then
    _fileq "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _fileq fileq
fi
"""

FISH = r"""# fileq's completion for fish. Into ~/.config/fish/config.fish: fileq completion fish | source
function __fileq_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer (env _FILEQ_COMPLETE=fish $words "$current" 2>/dev/null)
    for line in $answer[2..-1]
        echo -- $line
    end
    switch "$answer[1]"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current" ""
    end
end
complete -c fileq -f -a '(__fileq_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
"""The script of each shell that fileq knows, by the shell's name."""
