//! Rust source as tokens, as far as the rules need them: comments fall away, texts are told from words.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name, a keyword or a number.
    Word,
    /// `::`, or one sign.
    Sign,
    /// What stands between quotation marks.
    Text,
}

/// A piece of source with the line it begins in, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its characters.
    pub text: String,
    /// Its line.
    pub line: usize,
}

impl Token {
    /// Whether it is this word or sign.
    pub fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }
}

/// The tokens of a file.
pub fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let (mut index, mut line) = (0, 1);
    while index < chars.len() {
        let start = index;
        let mut kind = None;
        match (at(index), at(index + 1)) {
            ('/', '/') => {
                while index < chars.len() && at(index) != '\n' {
                    index += 1;
                }
            }
            ('/', '*') => {
                let mut depth = 0;
                loop {
                    match (at(index), at(index + 1)) {
                        ('/', '*') => (depth, index) = (depth + 1, index + 2),
                        ('*', '/') => (depth, index) = (depth - 1, index + 2),
                        _ => index += 1,
                    }
                    if depth == 0 || index >= chars.len() {
                        break;
                    }
                }
            }
            ('r' | 'b' | 'c', _) if raw_hashes(&chars, index).is_some() => {
                let (quote, hashes) = raw_hashes(&chars, index).unwrap_or_default();
                index = quote + 1;
                let ends = |index: usize| at(index) == '"' && (1..=hashes).all(|n| at(index + n) == '#');
                while index < chars.len() && !ends(index) {
                    index += 1;
                }
                index += 1 + hashes;
                kind = Some(Kind::Text);
            }
            ('"', _) => {
                index += 1;
                while index < chars.len() && at(index) != '"' {
                    index += if at(index) == '\\' { 2 } else { 1 };
                }
                index += 1;
                kind = Some(Kind::Text);
            }
            ('\'', '\\') => {
                index += 3;
                while index < chars.len() && at(index) != '\'' {
                    index += 1;
                }
                index += 1;
                kind = Some(Kind::Text);
            }
            ('\'', _) if at(index + 2) == '\'' => {
                index += 3;
                kind = Some(Kind::Text);
            }
            (':', ':') => {
                index += 2;
                kind = Some(Kind::Sign);
            }
            (c, _) if is_word(c) => {
                while is_word(at(index)) {
                    index += 1;
                }
                kind = Some(Kind::Word);
            }
            (c, _) => {
                index += 1;
                kind = (!c.is_whitespace()).then_some(Kind::Sign);
            }
        }
        let piece = &chars[start..index.min(chars.len())];
        if let Some(kind) = kind {
            tokens.push(Token { kind, text: piece.iter().collect(), line });
        }
        line += piece.iter().filter(|&&c| c == '\n').count();
    }
    tokens
}

/// Where the quotation mark of a raw text is, and how many `#` stand before it.
fn raw_hashes(chars: &[char], start: usize) -> Option<(usize, usize)> {
    let rest = &chars[start..];
    let letters = rest.iter().take_while(|c| matches!(c, 'r' | 'b' | 'c')).count();
    let hashes = rest[letters..].iter().take_while(|&&c| c == '#').count();
    let is_raw = rest[..letters].contains(&'r') && letters <= 2;
    let opens = rest.get(letters + hashes) == Some(&'"');
    (is_raw && opens).then_some((start + letters + hashes, hashes))
}

/// The tokens without what is compiled for tests only, and the names of modules that are files of tests.
pub fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    let (mut kept, mut files) = (Vec::new(), Vec::new());
    let mut index = 0;
    while index < tokens.len() {
        if !is_test_attribute(&tokens[index..]) {
            kept.push(tokens[index].clone());
            index += 1;
            continue;
        }
        while tokens.get(index).is_some_and(|token| token.is("#")) {
            index = matching(tokens, index + 1);
        }
        let item = &tokens[index..];
        let end = item.iter().position(|token| token.is("{") || token.is(";")).unwrap_or(item.len());
        if item.get(end).is_some_and(|token| token.is("{")) {
            index = matching(tokens, index + end);
        } else {
            let module = item[..end].iter().position(|token| token.is("mod"));
            files.extend(module.and_then(|module| item.get(module + 1)).map(|name| name.text.clone()));
            index += end + 1;
        }
    }
    (kept, files)
}

fn is_test_attribute(tokens: &[Token]) -> bool {
    if !(tokens.len() > 3 && tokens[0].is("#") && tokens[1].is("[") && tokens[2].is("cfg")) {
        return false;
    }
    let attribute = &tokens[..matching(tokens, 1)];
    let has = |word: &str| attribute.iter().any(|token| token.is(word));
    has("test") && !has("not") && !has("any")
}

/// The index behind the bracket that closes the one at `open`.
pub fn matching(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        if ["{", "(", "["].iter().any(|sign| token.is(sign)) {
            depth += 1;
        } else if ["}", ")", "]"].iter().any(|sign| token.is(sign)) {
            depth -= 1;
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}
