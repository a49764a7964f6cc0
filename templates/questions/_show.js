(f=>{
const said=k=>[...f.querySelectorAll('[name="'+k+'"],[name^="'+k+'."]')].filter(e=>!e.closest("[hidden]")&&(/^(radio|checkbox)$/.test(e.type)?e.checked:e.value.trim())).map(e=>e.value.trim());
const num=k=>parseFloat((said(k)[0]||"").normalize("NFKC").replace(/,/g,""));
const is=([o,a,...b])=>o=="not"?!is(a):o=="and"?is(a)&&is(b[0]):o=="or"?is(a)||is(b[0]):o=="in"||o=="=="?said(a).some(v=>[].concat(...b).some(w=>w==v||+w===parseFloat(v))):o=="!="?!said(a).some(v=>v==b[0]):o==">="?num(a)>=+b[0]:o=="<="?num(a)<=+b[0]:o==">"?num(a)>+b[0]:num(a)<+b[0];
const all=[...f.querySelectorAll("[data-if]")],show=()=>all.forEach(e=>{e.hidden=!is(JSON.parse(e.dataset.if))});
all.forEach(e=>e.classList.add("quietly"));f.addEventListener("input",show);f.addEventListener("change",show);show()
})(document.querySelector("[data-if]").closest("form"))
